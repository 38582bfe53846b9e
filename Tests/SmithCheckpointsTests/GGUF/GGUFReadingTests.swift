import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

/// What gguf-py found is what we find: names, types, shapes, bytes and typed metadata in their order.
@Suite struct GGUFReadingTests {
  @Test(arguments: GGUFTruth.files.filter { !$0.contains("split") })
  func `a file is read as gguf-py reads it`(name: String) throws {
    let truth = try #require(GGUFTruth.byFile[name])
    let source = try Formats.open(Fixtures.path(name))
    #expect(source.container == "gguf")
    #expect(try source.truths() == truth.tensors)
    #expect(try source.typedMetadata.entries.map { try GGUFTruth.Value($0) } == truth.metadata)
    #expect(source.notes == (name.contains("_be") ? ["a big-endian file"] : []))
  }

  @Test func `the truth speaks of every type and every kind of value`() throws {
    #expect(GGUFTruth.files.count == 9)
    let all = try #require(GGUFTruth.byFile["formats/gguf_alltypes.gguf"])
    #expect(all.tensors.count == 24 && Set(all.metadata.map(\.kind)).count == 16)
  }

  @Test(arguments: ["split-00001-of-00003", "split-00002-of-00003", "split-00003-of-00003", ""])
  func `any part of a split opens all of it`(part: String) throws {
    let path = Fixtures.path("gguf/") + (part.isEmpty ? "" : part + ".gguf")
    let parts = try (1...3).map {
      try #require(GGUFTruth.byFile["gguf/split-0000\($0)-of-00003.gguf"])
    }
    let scratch = try Scratch()
    var opened = path
    if part.isEmpty {
      // A folder with one split in it.
      for number in 1...3 {
        let name = "split-0000\(number)-of-00003.gguf"
        try scratch.write(try Fixtures.bytes("gguf/\(name)"), as: name)
      }
      opened = scratch.path
    }
    let source = try Formats.open(opened)
    #expect(source.files.count == 3)
    #expect(try source.truths() == parts.flatMap(\.tensors))
    // The first part's entries, without what they say of the split.
    let wanted = parts[0].metadata.filter { !$0.key.hasPrefix("split.") }
    #expect(try source.typedMetadata.entries.map { try GGUFTruth.Value($0) } == wanted)
  }

  @Test func `parts that do not belong together are refused`() throws {
    func opened(_ change: (inout [String: [UInt8]]) throws -> Void) throws -> SmithError? {
      let scratch = try Scratch()
      var files: [String: [UInt8]] = [:]
      for number in 1...3 {
        let name = "split-0000\(number)-of-00003.gguf"
        files[name] = try Fixtures.bytes("gguf/\(name)")
      }
      try change(&files)
      for (name, bytes) in files { try scratch.write(bytes, as: name) }
      let first = try #require(files.keys.sorted().first)
      return failure { () throws(SmithError) in try Formats.open("\(scratch.path)/\(first)") }
    }
    let second = "split-00002-of-00003.gguf"
    let missing = try opened { $0[second] = nil }
    #expect(missing?.kind == .missing && missing?.place.file?.hasSuffix(second) == true)
    #expect(try opened { $0[second] = $0["split-00003-of-00003.gguf"] }?.kind == .mismatch)
    #expect(try opened { $0[second] = GGUFFile.plain.bytes }?.kind == .mismatch)
    let renamed = try opened { $0 = ["other.gguf": $0["split-00001-of-00003.gguf"] ?? []] }
    #expect(renamed?.kind == .mismatch && renamed?.remedy != nil)
    // The count of tensors in the first part, the last four bytes of its metadata.
    let counted = try opened { files in
      var bytes = files["split-00001-of-00003.gguf"] ?? []
      let key = Array("split.tensors.count".utf8)
      let at = try #require(bytes.indices.first { bytes[$0...].starts(with: key) })
      bytes[at + key.count + 4] = 6
      files["split-00001-of-00003.gguf"] = bytes
    }
    #expect(counted?.kind == .mismatch && counted?.place.item == "split.tensors.count")
  }

  @Test func `long arrays are counted, short ones listed`() throws {
    var file = GGUFFile.plain
    let words = (0..<30522).map { "w\($0)" }
    file.entries = [
      GGUFFile.entry(
        "words", 9, little(UInt32(8)) + little(UInt64(words.count)) + words.flatMap(GGUFFile.string)
      ),
      GGUFFile.entry(
        "ones", 9,
        little(UInt32(4)) + little(UInt64(17)) + (0..<17).flatMap { _ in little(UInt32(1)) }),
      GGUFFile.entry(
        "few", 9, little(UInt32(8)) + little(UInt64(2)) + ["a\"", "b"].flatMap(GGUFFile.string)),
    ]
    let scratch = try Scratch()
    let source = try Formats.open(scratch.write(file.bytes, as: "long.gguf"))
    #expect(source.metadata["words"] == "[30522 strings]")
    #expect(source.metadata["ones"] == "[17 × u32]")
    #expect(source.metadata["few"] == #"["a\"", "b"]"#)
    guard case .array(let array)? = source.typedMetadata.value("words") else {
      Issue.record("no array")
      return
    }
    #expect(try array.values() == words.map(MetadataValue.string))
    #expect(array == MetadataArray(words))
  }

  @Test func `bytes behind the last tensor are spoken of`() throws {
    var file = GGUFFile.plain
    file.data += [9, 9, 9]
    let scratch = try Scratch()
    let source = try Formats.open(scratch.write(file.bytes, as: "more.gguf"))
    #expect(source.notes == ["more.gguf: 3 bytes after the last tensor belong to none"])
  }

  @Test func `a folder opens as its only model, and several are named`() throws {
    let scratch = try Scratch()
    try scratch.write(GGUFFile.plain.bytes, as: "one.Q8_0.gguf")
    #expect(try Formats.open(scratch.path).files == ["\(scratch.path)/one.Q8_0.gguf"])
    try scratch.write(GGUFFile.plain.bytes, as: "one.Q4_0.gguf")
    let error = failure { () throws(SmithError) in try Formats.open(scratch.path) }
    #expect(error?.kind == .mismatch && error?.detail.contains("one.Q4_0.gguf") == true)
    try scratch.write(GGUFFile.plain.bytes, as: "model.gguf")
    #expect(try Formats.open(scratch.path).files == ["\(scratch.path)/model.gguf"])
  }
}
