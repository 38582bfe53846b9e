import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

@Suite struct FlaxAttackTests {
  struct Attack: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let kind: SmithError.Kind
    let item: String?

    init(
      _ name: String, _ bytes: [UInt8], _ kind: SmithError.Kind, item: String? = nil
    ) {
      testDescription = name
      self.bytes = bytes
      self.kind = kind
      self.item = item
    }

    /// A value under the key `a`.
    init(_ name: String, a node: FlaxNode, _ kind: SmithError.Kind, item: String? = "a") {
      self.init(name, FlaxNode.map([("a", node)]).encoded, kind, item: item)
    }

    init(_ name: String, chunked parts: [(String, FlaxNode)], _ kind: SmithError.Kind) {
      self.init(
        name, a: .map([("__msgpack_chunked_array__", .yes)] + parts), kind)
    }
  }

  private static let four = FlaxNode.array(shape: [4], type: "int8", data: [1, 2, 3, 4])

  private static func chunks(_ names: String...) -> FlaxNode {
    .map(names.map { ($0, four) })
  }

  private static func shape(_ sizes: Int...) -> FlaxNode {
    .map(sizes.enumerated().map { ("\($0)", .int($1)) })
  }

  static let attacks: [Attack] = [
    Attack("no bytes", [], .truncated),
    Attack("a number", [1], .unsupported),
    Attack("an array at the root", four.encoded, .unsupported),
    Attack(
      "a chunked array at the root",
      FlaxNode.map([
        ("__msgpack_chunked_array__", .yes), ("shape", shape(4)), ("chunks", chunks("0")),
      ]).encoded, .unsupported),
    Attack("bytes after the tree", FlaxNode.map([("a", .int(1))]).encoded + [0], .malformed),
    Attack("a map of 2^32 - 1 pairs", [0xDF, 0xFF, 0xFF, 0xFF, 0xFF], .truncated),
    Attack("a map of more pairs than bytes", [0x82, 0xA1, 0x61, 1], .truncated),
    Attack("an array of 2^32 - 1", a: .bytes([0xDD, 0xFF, 0xFF, 0xFF, 0xFF]), .truncated),
    Attack("text beyond the file", a: .bytes([0xDB, 0xFF, 0xFF, 0xFF, 0xFF]), .truncated),
    Attack(
      "an extension beyond the file", a: .bytes([0xC9, 0xFF, 0xFF, 0xFF, 0xFF, 1]), .truncated),
    Attack("the unused code", a: .bytes([0xC1]), .malformed),
    Attack("a timestamp", a: .ext(-1, [0, 0, 0, 0]), .unsupported),
    Attack("an unknown extension", a: .ext(4, [0]), .unsupported),
    Attack("a key that is a number", [0x81, 1, 1], .unsupported),
    Attack("a key that is not UTF-8", [0x81, 0xA1, 0xFF, 1], .malformed),
    Attack(
      "a long key", FlaxNode.map([(String(repeating: "k", count: 4097), .int(1))]).encoded, .limit),
    Attack(
      "a key twice", FlaxNode.map([("a", .int(1)), ("a", .int(1))]).encoded, .mismatch, item: "a"),
    Attack(
      "a key twice, deeper", a: .map([("b", .int(1)), ("b", .int(1))]), .mismatch, item: "a/b"),
    Attack(
      "a path and a key with a slash",
      FlaxNode.map([("a", .map([("b", .int(1))])), ("a/b", .int(2))]).encoded, .mismatch,
      item: "a/b"),
    Attack(
      "65 levels", Array(repeating: [0x81, 0xA1, 0x61], count: 65).flatMap { $0 } + [1], .limit),
    Attack(
      "a hundred thousand levels",
      Array(repeating: [0x81, 0xA1, 0x61], count: 100_000).flatMap { $0 } + [1], .limit),
    Attack(
      "a hundred thousand arrays in each other",
      a: .bytes(Array(repeating: 0x91, count: 100_000) + [1]),
      .limit, item: nil),
    Attack("an array that is empty", a: .ext(1, [0]), .malformed),
    Attack("an array of two", a: .ext(1, [0x92, 0x90, 0xA1, 0x61]), .malformed),
    Attack(
      "an array with a word for a shape", a: .ext(1, [0x93, 0xA1, 0x61, 0xA0, 0xA0]), .malformed),
    Attack(
      "a negative dimension", a: .ext(1, [0x93, 0x91, 0xFF, 0xA4, 0x69, 0x6E, 0x74, 0x38, 0xA0]),
      .malformed),
    Attack(
      "bytes after the data", a: .ext(1, [0x93, 0x90, 0xA4, 0x62, 0x6F, 0x6F, 0x6C, 0xA1, 1, 0]),
      .malformed),
    Attack(
      "data beyond the extension", a: .ext(1, [0x93, 0x90, 0xA4, 0x62, 0x6F, 0x6F, 0x6C, 0xA2, 1]),
      .truncated),
    Attack("less data", a: .array(shape: [4], type: "int8", data: [1, 2, 3]), .mismatch),
    Attack("more data", a: .array(shape: [4], type: "int8", data: [1, 2, 3, 4, 5]), .mismatch),
    Attack(
      "a shape that overflows", a: .array(shape: [1 << 62, 1 << 62], type: "int8", data: []), .limit
    ),
    Attack(
      "a shape that overflows before its zero",
      a: .array(shape: [1 << 62, 1 << 62, 0], type: "int8", data: []), .limit),
    Attack(
      "33 dimensions",
      a: .array(shape: Array(repeating: 1, count: 33), type: "int8", data: [1]), .limit),
    Attack(
      "a long type name",
      a: .array(shape: [1], type: String(repeating: "t", count: 65), data: [1]), .limit),
    Attack("a complex number of one", a: .ext(2, [0x91, 1]), .malformed),
    Attack("no chunks", chunked: [("shape", shape(4))], .unsupported),
    Attack("chunks and no shape", chunked: [("chunks", chunks("0"))], .mismatch),
    Attack(
      "a chunk too few", chunked: [("shape", shape(2, 4)), ("chunks", chunks("0"))], .mismatch),
    Attack(
      "a chunk too many", chunked: [("shape", shape(4)), ("chunks", chunks("0", "1"))], .mismatch),
    Attack(
      "chunk 1 lacks", chunked: [("shape", shape(8)), ("chunks", chunks("0", "2"))], .missing),
    Attack("chunk 00", chunked: [("shape", shape(8)), ("chunks", chunks("0", "01"))], .malformed),
    Attack("chunk -1", chunked: [("shape", shape(8)), ("chunks", chunks("0", "-1"))], .malformed),
    Attack(
      "dimension 1 without 0",
      chunked: [("shape", .map([("1", .int(4))])), ("chunks", chunks("0"))], .missing),
    Attack(
      "a dimension of text",
      chunked: [("shape", .map([("0", .text("4"))])), ("chunks", chunks("0"))], .malformed),
    Attack(
      "a stranger among the chunks",
      chunked: [("shape", shape(4)), ("chunks", chunks("0")), ("x", four)], .malformed),
    Attack(
      "chunks of two types",
      chunked: [
        ("shape", shape(8)),
        (
          "chunks",
          .map([("0", four), ("1", .array(shape: [4], type: "uint8", data: [1, 2, 3, 4]))])
        ),
      ], .mismatch),
    Attack(
      "a chunk that is not flat",
      chunked: [
        ("shape", shape(4)),
        ("chunks", .map([("0", .array(shape: [2, 2], type: "int8", data: [1, 2, 3, 4]))])),
      ], .mismatch),
    Attack(
      "a chunked shape that overflows",
      chunked: [("shape", shape(1 << 62, 1 << 62)), ("chunks", chunks("0"))], .limit),
    Attack(
      "a marker that is no true",
      a: .map([
        ("__msgpack_chunked_array__", .int(1)), ("shape", shape(4)), ("chunks", chunks("0")),
      ]), .malformed),
    Attack(
      "text of more than 16 MiB", a: .text(String(repeating: "t", count: 16 << 20 + 1)), .limit),
    Attack(
      "a Git LFS pointer", Array("version https://git-lfs.github.com/spec/v1\n".utf8), .unsupported),
  ]

  @Test(arguments: attacks)
  func `an attack is an error with its place`(_ attack: Attack) throws {
    let scratch = try Scratch()
    let path = try scratch.write(attack.bytes, as: "attack.msgpack")
    let error = failure { () throws(SmithError) in try Flax.open(path) }
    #expect(error?.kind == attack.kind, "\(String(describing: error))")
    #expect(error?.place.file == path)
    if let item = attack.item { #expect(error?.place.item == item) }
  }

  /// Names that repeat a long path a million times must not take a gigabyte.
  @Test func `many leaves under a long path`() throws {
    let scratch = try Scratch()
    var leaves: [UInt8] = [0xDF, 0, 1, 0x11, 0x70]
    for index in 0..<70_000 { leaves += FlaxNode.text(String(index, radix: 36)).encoded + [1] }
    let long = String(repeating: "p", count: 4000)
    let path = try scratch.write(FlaxNode.map([(long, .bytes(leaves))]).encoded, as: "x.msgpack")
    #expect(failure { () throws(SmithError) in try Flax.open(path) }?.kind == .limit)
  }

  @Test(arguments: ["chunked", "scalars", "raw"])
  func `cut and flipped at every byte`(_ name: String) throws {
    let scratch = try Scratch()
    let whole = try Fixtures.bytes("flax/\(name).msgpack")
    for count in whole.indices {
      let path = try scratch.write(Array(whole.prefix(count)), as: "cut.msgpack")
      let error = failure { () throws(SmithError) in try everything(path) }
      #expect(error?.exitCode == 65 && error?.place.file == path, "\(count) bytes")
    }
    for position in whole.indices {
      var bytes = whole
      bytes[position] ^= [0x01, 0x10, 0x80, 0xFF][position % 4]
      let path = try scratch.write(bytes, as: "flipped.msgpack")
      // The format has no checksums: other numbers are another file, all else an error.
      do throws(SmithError) { _ = try everything(path) } catch {
        #expect(error.exitCode == 65 && error.place.file == path, "\(position): \(error)")
      }
    }
  }

  private func everything(_ path: String) throws(SmithError) -> Int {
    let source = try Flax.open(path)
    var count = 0
    for tensor in source.tensors where tensor.encoding.dtype != .opaque {
      let bytes = try source.bytes(tensor)
      #expect(bytes.count == tensor.byteCount)
      count += bytes.count
    }
    return count
  }
}
