import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

/// Names and texts out of a file reach a terminal: none of them may move its cursor, ring its bell or turn its text around.
@Suite struct TerminalTests {
  /// Clear screen, a C1 control sequence, a title, a line of one's own, right to left.
  private static let evil = [
    "\u{1B}[2J", "\u{9B}31m", "\u{1B}]0;owned\u{7}", "line\nverdict     parity holds",
    "\u{202E}rtl",
    "\u{7F}\u{8}\u{8}", "\r",
  ]

  private func hostile(_ scratch: Scratch) throws -> [String] {
    let tensors = try Self.evil.map { try TensorInfo(name: "t" + $0, dtype: .f32, shape: [1]) }
    let entries = ContainerMetadata(
      [.init("general.architecture", .string("x"))]
        + Self.evil.map { ContainerMetadata.Entry("k" + $0, .string("v" + $0)) }
        + [.init("list", .array(MetadataArray(Self.evil)))])
    let texts = Dictionary(uniqueKeysWithValues: Self.evil.map { ("k" + $0, "v" + $0) })
    var names: [String] = []
    for (format, options) in [
      (GGUF.self, WriterOptions(stem: "x", entries: entries)),
      (Safetensors.self, WriterOptions(stem: "x", metadata: texts)),
    ] as [(any ContainerFormat.Type, WriterOptions)] {
      let found = format.writer
      let writer = try #require(found)
      let layout = try writer.layout(tensors, options: options)
      var bytes = layout.pieces[0].bytes
      let end = layout.placements.map(\.offset).max() ?? 0
      bytes += [UInt8](repeating: 0, count: end + (format.name == "gguf" ? 32 : 4) - bytes.count)
      names.append("x." + format.fileExtension)
      try scratch.write(bytes, as: names.last ?? "")
    }
    return names
  }

  @Test(arguments: [
    ["inspect", "SRC"], ["inspect", "SRC", "--json"], ["inspect", "SRC", "--tree"],
    ["inspect", "SRC", "--stats"], ["convert", "SRC", "out", "--names", "keep", "--dry-run"],
    ["convert", "SRC", "out", "--names", "keep", "--dry-run", "--json"],
    ["convert", "SRC", "out"], ["convert", "SRC", "out", "--names", "keep", "--to", "tf"],
    ["convert", "SRC", "out", "--names", "keep", "--to", "gguf", "--json"],
  ])
  func `nothing in a file drives the terminal`(arguments: [String]) throws {
    let scratch = try Scratch()
    for name in try hostile(scratch) {
      let run = try CommandRun(
        arguments.map { $0 == "SRC" ? name : $0 }
          + (arguments.contains("out") ? ["--overwrite"] : []), in: scratch)
      #expect(run.code == (arguments == ["convert", "SRC", "out"] ? 65 : 0), "\(run.errors)")
      let text = run.output + run.errors
      #expect(!text.isEmpty)
      for scalar in text.unicodeScalars where scalar != "\n" {
        let isControl =
          scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
          || (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        #expect(!isControl, "U+\(String(scalar.value, radix: 16)) in \(arguments)")
      }
      #expect(!text.contains("\nverdict"))
    }
  }

  @Test func `long metadata is cut in the table and whole in JSON`() throws {
    let scratch = try Scratch()
    let long = String(repeating: "template ", count: 400)
    let writer = try #require(GGUF.writer)
    let entries = ContainerMetadata([
      .init("general.architecture", .string("x")), .init("tokenizer.chat_template", .string(long)),
      .init("words", .array(MetadataArray((0..<500).map { "word\($0)" }))),
    ])
    let layout = try writer.layout([], options: WriterOptions(stem: "x", entries: entries))
    try scratch.write(layout.pieces[0].bytes, as: "x.gguf")
    let table = try CommandRun("inspect", "x.gguf", in: scratch)
    #expect(table.output.split(separator: "\n").allSatisfy { $0.count < 140 })
    #expect(table.output.contains("(3600 bytes)") && table.output.contains("[500 strings]"))
    let json = try JSON.parse(
      Array(try CommandRun("inspect", "x.gguf", "--json", in: scratch).output.utf8))
    #expect(json["metadata"]?["tokenizer.chat_template"] == .string(long))
    #expect(json["family"] == .null && json["container"] == "gguf")
  }
}
