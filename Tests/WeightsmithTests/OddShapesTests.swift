import Foundation
import TestSupport
import Testing
import Weightsmith

/// Headers may claim any shape whose bytes are there: no elements beside huge dimensions, rows of half a byte, one row for all.
@Suite struct OddShapesTests {
  private static let header = """
    {"none": {"dtype": "F32", "shape": [4611686018427387904, 0], "data_offsets": [0, 0]},
     "most": {"dtype": "F32", "shape": [9223372036854775807, 0], "data_offsets": [0, 0]},
     "wide": {"dtype": "F32", "shape": [0, 4611686018427387904], "data_offsets": [0, 0]},
     "scalar": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]},
     "row": {"dtype": "F16", "shape": [1, 1, 6], "data_offsets": [4, 16]},
     "halves": {"dtype": "F4", "shape": [2, 3], "data_offsets": [16, 19]},
     "vector": {"dtype": "F4", "shape": [10], "data_offsets": [19, 24]}}
    """

  private func source(in scratch: Scratch) throws -> Checkpoint {
    let length = withUnsafeBytes(of: UInt64(Self.header.utf8.count).littleEndian) { Array($0) }
    let data = (0..<24).map { UInt8($0 + 1) }
    return try Checkpoint.open(
      try scratch.write(length + Array(Self.header.utf8) + data, as: "odd.safetensors"))
  }

  @Test func `every tensor arrives byte for byte`() throws {
    let scratch = try Scratch()
    let checkpoint = try source(in: scratch)
    let out = scratch.path + "/out"
    let format = try Conversion.Target.format(named: "safetensors", for: out)
    let conversion = Conversion(
      .checkpoint(checkpoint), to: .init(format: format, names: nil), at: out)
    _ = try conversion.run(conversion.prepare())
    let copy = try Checkpoint.open(out)
    #expect(copy.tensors.count == 7)
    for tensor in copy.tensors {
      let original = try #require(checkpoint.tensors.first { $0.name == tensor.name })
      #expect(original == tensor)
      let bytes = (try copy.source.bytes(tensor), try checkpoint.source.bytes(original))
      #expect(bytes.0 == bytes.1, "\(tensor.name)")
    }
    #expect(try checkpoint.statistics(of: checkpoint.tensors)["none"]?.count == 0)
  }

  @Test func `a cast and the tensors it leaves alone keep their shapes`() throws {
    let scratch = try Scratch()
    let out = scratch.path + "/out"
    let format = try Conversion.Target.format(named: "safetensors", for: out)
    let conversion = Conversion(
      .checkpoint(try source(in: scratch)), to: .init(format: format, names: nil, dtype: .f32),
      at: out)
    _ = try conversion.run(conversion.prepare())
    let shapes = try Checkpoint.open(out).tensors.filter { $0.encoding.name == "f32" }.map(\.shape)
    #expect(shapes.contains([1, 1, 6]) && shapes.contains([0, 1 << 62]) && shapes.count == 5)
  }
}
