import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct FlaxWritingTests {
  private func files(
    _ source: any TensorSource, _ writer: FlaxWriter = FlaxWriter(), maxShardBytes: Int? = nil
  ) throws -> [String: [UInt8]] {
    let options = WriterOptions(stem: "flax_model", maxShardBytes: maxShardBytes)
    let layout = try writer.layout(source.tensors, options: options)
    let bytes = try source.tensors.map { try source.bytes($0) }
    return written(layout, in: bytes)
  }

  /// Also tensors in several runs.
  private func written(_ layout: OutputLayout, in data: [[UInt8]]) -> [String: [UInt8]] {
    var files = Array(repeating: [UInt8](), count: layout.files.count)
    func put(_ new: [UInt8], _ file: Int, _ offset: Int) {
      let missing = offset + new.count - files[file].count
      if missing > 0 { files[file] += Array(repeating: 0xEE, count: missing) }
      files[file].replaceSubrange(offset..<(offset + new.count), with: new)
    }
    for piece in layout.pieces { put(piece.bytes, piece.file, piece.offset) }
    for (placement, bytes) in zip(layout.placements, data) {
      for piece in placement.pieces(of: bytes.indices) {
        put(Array(bytes[piece.range]), placement.file, piece.offset)
      }
    }
    return Dictionary(uniqueKeysWithValues: zip(layout.files, files))
  }

  @Test(arguments: ["flax/arrays.msgpack"])
  func `flax's own file, byte for byte`(_ name: String) throws {
    let source = try Flax.open(Fixtures.path(name))
    #expect(try files(source) == ["flax_model.msgpack": try Fixtures.bytes(name)])
  }

  /// Flax with its limit at 64 bytes.
  @Test(arguments: ["flax/chunked.msgpack", "formats/flax_chunked.msgpack"])
  func `large arrays in flax's chunks, byte for byte`(_ name: String) throws {
    let source = try Flax.open(Fixtures.path(name))
    let written = try files(source, FlaxWriter(chunkBytes: 64))
    #expect(written == ["flax_model.msgpack": try Fixtures.bytes(name)])
    // At the usual limit the same arrays are not cut, and read the same.
    let scratch = try Scratch()
    let whole = try #require(try files(source)["flax_model.msgpack"])
    #expect(whole.count < (try Fixtures.bytes(name)).count)
    let back = try Flax.open(try scratch.write(whole, as: "x.msgpack"))
    #expect(back.tensors == source.tensors)
    for tensor in back.tensors { #expect(try back.bytes(tensor) == source.bytes(tensor)) }
  }

  @Test func `chunks begin above the limit, 2^30 bytes`() throws {
    let writer = try #require(Flax.writer)
    for (count, runs) in [(1 << 28, 1), (1 << 28 + 1, 2), (3 << 28, 3)] {
      let tensor = try TensorInfo(name: "t", dtype: .f32, shape: [count])
      let layout = try writer.layout([tensor], options: WriterOptions(stem: "m"))
      #expect(layout.placements[0].runs.count == runs)
      #expect(layout.placements[0].runs.map(\.start) == (0..<runs).map { $0 << 30 })
      let pieces = layout.placements[0].pieces(of: 0..<tensor.byteCount)
      #expect(pieces.reduce(0) { $0 + $1.range.count } == tensor.byteCount)
    }
  }

  @Test func `the shards that transformers makes, byte for byte`() throws {
    let source = try Formats.open(Fixtures.path("flax/sharded"))
    let written = try files(source, maxShardBytes: 36)
    #expect(written.count == 3)
    for (name, bytes) in written {
      #expect(bytes == (try Fixtures.bytes("flax/sharded/\(name)")), "\(name)")
    }
  }

  @Test func `scalars become arrays without dimensions`() throws {
    let scratch = try Scratch()
    let source = try Flax.open(Fixtures.path("flax/scalars.msgpack"))
    let bytes = try #require(try files(source)["flax_model.msgpack"])
    let back = try Flax.open(try scratch.write(bytes, as: "x.msgpack"))
    #expect(back.tensors == source.tensors)
    for tensor in back.tensors { #expect(try back.bytes(tensor) == source.bytes(tensor)) }
  }

  @Test func `branches go where their name came first`() throws {
    let names = ["b/x", "a", "b/c/y", "b/z", "b/c/w"]
    let tensors = try names.map { try TensorInfo(name: $0, dtype: .u8, shape: [1]) }
    let layout = try FlaxWriter().layout(tensors, options: WriterOptions(stem: "m"))
    let bytes = written(layout, in: (1...5).map { [UInt8($0)] })
    func leaf(_ value: UInt8) -> FlaxNode { .array(shape: [1], type: "uint8", data: [value]) }
    let tree = FlaxNode.map([
      (
        "b",
        .map([("x", leaf(1)), ("c", .map([("y", leaf(3)), ("w", leaf(5))])), ("z", leaf(4))])
      ), ("a", leaf(2)),
    ])
    #expect(bytes == ["m.msgpack": tree.encoded])
  }

  @Test(arguments: [["a", "a/b"], ["a/b", "a"], ["a/b/c", "a/b"], ["a", "a"], ["x/a", "x/a"]])
  func `a name that is a branch of another is refused`(_ names: [String]) throws {
    let tensors = try names.map { try TensorInfo(name: $0, dtype: .u8, shape: [1]) }
    let error = failure { () throws(SmithError) in
      try FlaxWriter().layout(tensors, options: WriterOptions(stem: "m"))
    }
    #expect(error?.kind == .refused)
    #expect(error?.place.item == names[1])
  }

  @Test func `what the tree cannot hold is said`() throws {
    let writer = FlaxWriter()
    let held = try TensorInfo(name: "a", dtype: .bf16, shape: [1])
    #expect(writer.obstacle(to: held) == nil)
    for (name, type, rank) in [
      ("t", DType.f6e2m3, 1), ("t", .string, 1), ("t", .u8, 33),
      ("a/__msgpack_chunked_array__", .u8, 1),
      (String(repeating: "a/", count: 64) + "b", .u8, 1),
      (String(repeating: "n", count: 4097), .u8, 1),
    ] {
      let shape = Array(repeating: 4, count: 1) + Array(repeating: 1, count: rank - 1)
      let tensor = try TensorInfo(name: name, dtype: type, shape: shape)
      #expect(writer.obstacle(to: tensor) != nil)
      let error = failure { () throws(SmithError) in
        try writer.layout([tensor], options: WriterOptions(stem: "m"))
      }
      #expect(error?.kind == .unsupported)
      #expect(error?.place.item == name)
    }
  }
}
