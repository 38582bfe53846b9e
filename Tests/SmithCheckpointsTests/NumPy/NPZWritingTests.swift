import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct NPZWritingTests {
  /// `stored.npz` is what `numpy.savez` made: the same arrays in the same order give the same file.
  @Test func `numpy's own bytes`() throws {
    let original = try Fixtures.bytes("formats/npy/stored.npz")
    let source = try Formats.open(Fixtures.path("formats/npy/stored.npz"))
    let contents = try source.tensors.map { try source.bytes($0) }
    let writer = NPZWriter()
    let options = WriterOptions(stem: "model")
    let layout = try writer.layout(source.tensors, options: options)
    #expect(layout.files == ["model.npz"])
    var file = [UInt8](repeating: 0, count: original.count)
    let last = try writer.finish(
      layout, tensors: source.tensors, checksums: contents.map { CRC32.of($0) }, options: options)
    for (place, bytes) in zip(layout.placements, contents) {
      file.replaceSubrange(place.offset..<(place.offset + bytes.count), with: bytes)
    }
    for piece in layout.pieces + last {
      file.replaceSubrange(piece.offset..<(piece.offset + piece.bytes.count), with: piece.bytes)
    }
    #expect(file == original)
  }

  @Test func `what numpy has not is refused`() throws {
    let writer = NPZWriter()
    for type in [DType.bf16, .f8e4m3, .f4] {
      #expect(try writer.obstacle(to: TensorInfo(name: "a", dtype: type, shape: [8])) != nil)
    }
    for type in NPYElement.dtypes {
      #expect(try writer.obstacle(to: TensorInfo(name: "a", dtype: type, shape: [8])) == nil)
      #expect(try writer.header(TensorInfo(name: "a", dtype: type, shape: [8])).count % 64 == 0)
    }
    let deep = [Int](repeating: 1, count: 33)
    #expect(try writer.obstacle(to: TensorInfo(name: "a", dtype: .f32, shape: deep)) != nil)
    #expect(throws: SmithError.self) {
      try writer.layout(
        [TensorInfo(name: "../a", dtype: .f32, shape: [1])], options: .init(stem: "m"))
    }
  }
}
