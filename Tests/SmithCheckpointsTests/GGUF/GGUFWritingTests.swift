import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct GGUFWritingTests {
  private let writer = GGUFWriter()

  /// The files a copy of `source` gives, by name.
  private func copy(
    of source: any TensorSource, maxShardBytes: Int? = nil
  ) throws -> [String: [UInt8]] {
    let layout = try writer.layout(
      source.tensors,
      options: WriterOptions(
        stem: "copy", maxShardBytes: maxShardBytes, entries: source.typedMetadata))
    // A file is zero where nothing was put.
    var files = layout.files.map { _ in [UInt8]() }
    func put(_ bytes: [UInt8], _ file: Int, _ offset: Int) {
      let missing = offset + bytes.count - files[file].count
      if missing > 0 { files[file] += [UInt8](repeating: 0, count: missing) }
      files[file].replaceSubrange(offset..<(offset + bytes.count), with: bytes)
    }
    for piece in layout.pieces { put(piece.bytes, piece.file, piece.offset) }
    for (place, tensor) in zip(layout.placements, source.tensors) {
      put(try source.bytes(tensor), place.file, place.offset)
    }
    return Dictionary(uniqueKeysWithValues: zip(layout.files, files))
  }

  /// gguf-py wrote these with its own alignment and padding: an equal copy is the strongest word on both.
  @Test func `a copy is what gguf-py wrote, byte for byte`() throws {
    let name = "formats/gguf_small_le.gguf"
    #expect(
      try copy(of: GGUF.open(Fixtures.path(name))) == ["copy.gguf": Fixtures.bytes(name)])
  }

  /// These lack the version that llama.cpp wants beside blocks: the header grows by that entry, the data does not change.
  @Test(arguments: ["formats/gguf_alltypes.gguf", "gguf/blocks_le.gguf"])
  func `the data of a copy is gguf-py's, byte for byte`(name: String) throws {
    let original = try Fixtures.bytes(name)
    let copied = try #require(try copy(of: GGUF.open(Fixtures.path(name)))["copy.gguf"])
    let scratch = try Scratch()
    let header = try GGUFHeader(InputFile(scratch.write(copied, as: "copy.gguf")))
    let start = try GGUFHeader(InputFile(Fixtures.path(name))).entries[0].offset
    #expect(copied[header.entries[0].offset...] == original[start...])
    #expect(header.metadata.value(GGUFWriter.quantizationKey) == .u32(2))
  }

  @Test(arguments: GGUFTruth.files.filter { !$0.contains("split") }, [nil, 100] as [Int?])
  func `a copy has the truth's tensors and metadata`(name: String, maxShardBytes: Int?) throws {
    let truth = try #require(GGUFTruth.byFile[name])
    let files = try copy(of: try GGUF.open(Fixtures.path(name)), maxShardBytes: maxShardBytes)
    let scratch = try Scratch()
    for (file, bytes) in files { try scratch.write(bytes, as: file) }
    #expect((files.count > 1) == (maxShardBytes != nil && truth.tensors.count > 2))
    let again = try Formats.open(scratch.path)
    #expect(try again.truths() == truth.tensors)
    let entries = try again.typedMetadata.entries.map { try GGUFTruth.Value($0) }
    let added = entries.filter { $0.key == GGUFWriter.quantizationKey }
    #expect(entries.filter { $0.key != GGUFWriter.quantizationKey } == truth.metadata)
    #expect(
      added.isEmpty == !truth.tensors.contains { GGMLType.storing(.scheme($0.encoding)) != nil })
    for bytes in files.values { #expect(bytes.count % 32 == 0) }
    #expect(try copy(of: again, maxShardBytes: maxShardBytes) == files)
  }

  @Test func `parts are gguf-py's parts`() throws {
    let source = try GGUF.open(Fixtures.path("gguf/split-00001-of-00003.gguf"))
    let sizes = source.tensors.map(\.byteCount)
    // Two tensors fit into each part, as gguf-py was told.
    let files = try copy(of: source, maxShardBytes: sizes[2] + sizes[3])
    #expect(files.count == 3)
    for number in 1...3 {
      let name = "-0000\(number)-of-00003.gguf"
      #expect(try files["copy" + name] == Fixtures.bytes("gguf/split" + name), "\(name)")
    }
  }

  private func header(
    _ entries: ContainerMetadata, _ change: (inout WriterOptions) -> Void = { _ in }
  ) throws
    -> [ContainerMetadata.Entry]
  {
    var options = WriterOptions(stem: "x", entries: entries)
    change(&options)
    let layout = try writer.layout([], options: options)
    let scratch = try Scratch()
    return try GGUF.open(scratch.write(layout.pieces[0].bytes, as: "x.gguf")).typedMetadata.entries
  }

  @Test func `a file always says its architecture`() throws {
    let unknown = try header(["format": "pt"])
    #expect(
      unknown == [
        .init("general.architecture", .string("unknown")), .init("format", .string("pt")),
      ])
    let known = try header([:]) {
      $0.family = "bert"
      $0.title = "my bert"
    }
    #expect(
      known == [
        .init("general.architecture", .string("bert")), .init("general.name", .string("my bert")),
      ])
    let own = try header(["general.architecture": "llama"]) { $0.family = "bert" }
    #expect(own == [.init("general.architecture", .string("llama"))])
  }

  @Test func `keys with a meaning of their own are not taken from text`() throws {
    let entries: ContainerMetadata = [
      "general.architecture": "t", "general.alignment": "32", "split.count": "2", "": "x",
    ]
    #expect(try header(entries).map(\.key) == ["general.architecture"])
    #expect(entries.entries.map(writer.holds) == [true, false, false, false])
  }

  @Test(
    arguments: [
      ("bool", DType.bool, [1], "a"), ("u8", .u8, [1], "a"), ("c64", .c64, [1], "a"),
      ("f8e4m3", .f8e4m3, [1], "a"), ("string", .string, [1], "a"),
      ("more than 4 dimensions", .f32, [1, 1, 1, 1, 1], "a"),
      ("names of more than 63 bytes", .f32, [1], String(repeating: "ü", count: 32)),
      ("names with a NUL", .f32, [1], "a\0"),
    ] as [(String, DType, [Int], String)])
  func `what it cannot hold is refused in one word`(
    obstacle: String, dtype: DType, shape: [Int], name: String
  ) throws {
    let tensor = try TensorInfo(name: name, dtype: dtype, shape: shape)
    #expect(writer.obstacle(to: tensor) == obstacle)
    let error = failure { () throws(SmithError) in
      try writer.layout([tensor], options: WriterOptions(stem: "x"))
    }
    #expect(error?.kind == .unsupported && error?.place.item == name)
  }

  @Test func `scalars, empty tensors and names of 63 bytes are held`() throws {
    let tensors = try [
      TensorInfo(name: "scalar", dtype: .f32, shape: []),
      TensorInfo(name: "", dtype: .f16, shape: [0, 3]),
      TensorInfo(name: String(repeating: "n", count: 63), dtype: .i8, shape: [1, 2, 3, 4]),
    ]
    let layout = try writer.layout(tensors, options: WriterOptions(stem: "x"))
    let files = written(layout, tensors.map { [UInt8](repeating: 5, count: $0.byteCount) })
    let scratch = try Scratch()
    let source = try GGUF.open(scratch.write(try #require(files["x.gguf"]), as: "x.gguf"))
    #expect(source.tensors == tensors)
  }

  @Test func `a name twice and bytes that are no blocks are refused`() throws {
    let tensor = try TensorInfo(name: "a", dtype: .f32, shape: [1])
    let wrong = TensorInfo(name: "a", encoding: .scheme("q8_0"), shape: [32], byteCount: 33)
    for (tensors, kind) in [([tensor, tensor], SmithError.Kind.refused), ([wrong], .mismatch)] {
      let error = failure { () throws(SmithError) in
        try writer.layout(tensors, options: WriterOptions(stem: "x"))
      }
      #expect(error?.kind == kind && error?.place.item == "a")
    }
  }
}
