import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct TorchWritingTests {
  private let writer = PyTorchWriter()

  private func files(
    _ tensors: [TensorInfo], _ bytes: [[UInt8]], stem: String, maxShardBytes: Int? = nil
  ) throws -> [String: [UInt8]] {
    let options = WriterOptions(stem: stem, maxShardBytes: maxShardBytes)
    var layout = try writer.layout(tensors, options: options)
    layout.pieces += try writer.finish(
      layout, tensors: tensors, checksums: bytes.map { CRC32.of($0) }, options: options)
    return written(layout, bytes)
  }

  /// torch.save wrote these fixtures from dictionaries.
  @Test(arguments: ["saved.bin", "saved_one.bin", "saved_none.bin", "types.pt"])
  func `the same bytes as torch`(_ name: String) throws {
    let source = try openTorchFixture("torch/\(name)")
    let bytes = try source.tensors.map { try source.bytes($0) }
    let stem = String(name.prefix { $0 != "." })
    let output = try files(source.tensors, bytes, stem: stem)
    #expect(output["\(stem).bin"] == (try Fixtures.bytes("torch/\(name)")))
  }

  /// CPython's pickler writes batches of 1000; the identity combines names in the order of a hash table.
  @Test func `many tensors give torch's pickle and identity`() throws {
    struct Expected: Decodable {
      var count: Int
      var checksum: UInt32
      var identity: String

      init(from decoder: any Decoder) throws {
        var row = try decoder.unkeyedContainer()
        count = try row.decode(Int.self)
        checksum = try row.decode(UInt32.self)
        identity = try row.decode(String.self)
      }
    }
    let expected = try JSONDecoder().decode(
      [String: Expected].self, from: Data(Fixtures.bytes("torch/batches.json")))
    #expect(expected.count == 4)
    for (key, expected) in expected {
      let tensors = try (0..<(try #require(Int(key)))).map {
        try TensorInfo(name: "l\($0)", dtype: .f32, shape: [1])
      }
      let pickle = try StateDictPickle(tensors).bytes
      #expect(pickle.count == expected.count)
      #expect(CRC32.of(pickle) == expected.checksum)
      let output = try files(tensors, tensors.map { _ in bits([1]) }, stem: "batch")
      let file = try #require(output["batch.bin"])
      #expect(file.firstRange(of: Array(expected.identity.utf8)) != nil)
    }
  }

  @Test func `sizes beyond 32 bits take LONG1`() throws {
    let tensor = try TensorInfo(name: "w", dtype: .u8, shape: [1 << 31, 3])
    let pickle = try StateDictPickle([tensor]).bytes
    #expect(pickle.firstRange(of: [0x8A, 5, 0, 0, 0, 0x80, 1, 0x74]) != nil)
    #expect(pickle.firstRange(of: [0x8A, 5, 0, 0, 0, 0x80, 0, 0x4B, 3, 0x86]) != nil)
    let tree = try torchTree(pickle)
    #expect(tree.tensors.first?.tensor.layout.shape == [1 << 31, 3])
  }

  @Test func `what we write we read, in shards too`() throws {
    let source = try openTorchFixture("torch/types.pt")
    let bytes = try source.tensors.map { try source.bytes($0) }
    for limit in [nil, 1, 40, 100_000] {
      let output = try files(
        source.tensors, bytes, stem: "pytorch_model", maxShardBytes: limit)
      #expect(
        output == (try files(source.tensors, bytes, stem: "pytorch_model", maxShardBytes: limit)))
      let scratch = try Scratch()
      for (name, content) in output { try scratch.write(content, as: name) }
      let again = try Formats.open(scratch.path)
      #expect(again.container == "torch")
      #expect(Set(again.tensors) == Set(source.tensors))
      for (tensor, content) in zip(source.tensors, bytes) {
        #expect(try again.bytes(try again.tensor(tensor.name)) == content)
        try again.verifyChecksum(try again.tensor(tensor.name))
      }
    }
  }

  @Test func `data begins at a multiple of 64`() throws {
    let tensors = try (1...20).map {
      try TensorInfo(name: "t\($0)", dtype: .u8, shape: [$0 * 7])
    }
    let layout = try writer.layout(tensors, options: WriterOptions(stem: "odd"))
    #expect(layout.placements.allSatisfy { $0.offset % 64 == 0 })
  }

  @Test func `types torch lacks are refused`() throws {
    let held = DType.allCases.filter { writer.dtypes.contains($0) }
    #expect(held.count == 20)
    for type in DType.allCases where !writer.dtypes.contains(type) && type.bits == 8 {
      let tensor = try TensorInfo(name: "w", dtype: type, shape: [1])
      #expect(writer.obstacle(to: tensor) == type.rawValue)
    }
    let error = failure { () throws(SmithError) in
      try writer.layout(
        [TensorInfo(name: "w", dtype: .f4, shape: [2])], options: WriterOptions(stem: "x"))
    }
    #expect(error?.kind == .unsupported)
    #expect(error?.place.item == "w")
  }

  @Test func `a name that is no folder's becomes torch's own`() throws {
    let output = try files([], [], stem: "..")
    #expect(output["...bin"]?.firstRange(of: Array("archive/data.pkl".utf8)) != nil)
  }
}
