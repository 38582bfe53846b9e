import SmithBytes
import SmithTensors
import Synchronization
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct TorchReadingTests {
  @Test func `truth covers the fixtures`() {
    #expect(TorchTruth.files.count >= 40)
    #expect(TorchTruth.pairs.count >= 12)
    #expect(TorchTruth.byFile["formats/torch_zip.pt"]?.count == 28)
  }

  @Test(arguments: TorchTruth.files)
  func `names, types, shapes and bytes are those that torch loads`(_ file: String) throws {
    let truth = try #require(TorchTruth.byFile[file])
    let source = try openTorchFixture(file)
    #expect(Set(source.tensors.map(\.name)) == Set(truth.map(\.name)))
    #expect(source.tensors.count == truth.count)
    for expected in truth {
      let tensor = try source.tensor(expected.name)
      #expect(tensor.encoding.name == expected.dtype, "\(expected.name)")
      #expect(tensor.shape == expected.shape, "\(expected.name)")
      if let checksum = expected.checksum {
        #expect(CRC32C.of(try source.bytes(tensor)) == checksum, "\(expected.name)")
        try source.verifyChecksum(tensor)
      } else {
        let error = failure { () throws(SmithError) in try source.bytes(tensor) }
        #expect(error?.kind == .unsupported, "\(expected.name)")
      }
    }
  }

  @Test(arguments: TorchTruth.pairs)
  func `a model equals its safetensors file`(_ file: String) throws {
    let source = try openTorchFixture(file)
    let other = try Safetensors.open(Fixtures.path(file).parentFolder + "/model.safetensors")
    for expected in other.tensors {
      let tensor = try source.tensor(expected.name)
      #expect(tensor == expected)
      #expect(try source.bytes(tensor) == other.bytes(expected), "\(expected.name)")
    }
    // safetensors leaves ties out, and nothing else.
    let extra = Set(source.tensors.map(\.name)).subtracting(other.tensors.map(\.name))
    if !extra.isEmpty { #expect(source.notes.contains { $0.hasPrefix("tied, stored once") }) }
  }

  @Test func `shards are one checkpoint`() throws {
    let source = try Formats.open(Fixtures.path("formats/torch_sharded"))
    let index = try PyTorch.open(
      Fixtures.path("formats/torch_sharded/pytorch_model.bin.index.json"))
    #expect(index.files.count == 3)
    #expect(index.tensors.map(\.name) == ["a.weight", "b.weight", "c.weight"])
    #expect(try index.bytes(try index.tensor("c.weight")) == bits([2, 2, 2, 2]))
    #expect(source.tensors == index.tensors)
  }

  @Test(arguments: ["torch/views.pt", "torch/deflated.pt", "torch/big_endian.pt"])
  func `any byte range reads as that part of the whole`(_ file: String) throws {
    let source = try openTorchFixture(file)
    var generator = SystemRandomNumberGenerator()
    for tensor in source.tensors where tensor.byteCount > 0 {
      let whole = try source.bytes(tensor)
      for _ in 0..<12 {
        let start = Int.random(in: 0...whole.count, using: &generator)
        let count = min(Int.random(in: 0...900, using: &generator), whole.count - start)
        let part = try source.bytes(tensor, start..<(start + count))
        #expect(
          part == Array(whole[start..<(start + count)]), "\(tensor.name) \(start) \(count)")
      }
    }
  }

  @Test func `bytes past the end are refused`() throws {
    let source = try openTorchFixture("torch/views.pt")
    let tensor = try source.tensor("column")
    for offset in [-1, tensor.byteCount - 3, tensor.byteCount, .max] {
      let error = failure { () throws(SmithError) in
        var part = [UInt8](repeating: 0, count: 4)
        var span = part.mutableSpan
        var raw = span.mutableBytes
        try source.read(tensor, at: offset, into: &raw)
      }
      #expect(error?.kind == .usage)
    }
  }

  @Test func `many threads read at once`() throws {
    let sources = try ["torch/views.pt", "torch/deflated.pt"].map(openTorchFixture)
    let truth = try #require(TorchTruth.byFile["torch/views.pt"])
    try Workers(8).forEach(64) { (item) throws(SmithError) in
      let source = sources[item % 2]
      let expected = truth[item / 2 % truth.count]
      let bytes = try source.bytes(try source.tensor(expected.name))
      guard CRC32C.of(bytes) == expected.checksum else {
        throw SmithError(.checksum, "differs", at: Place(item: expected.name))
      }
    }
  }

  @Test func `a damaged storage is noticed, whole or in pieces`() throws {
    var bytes = try Fixtures.bytes("torch/types.pt")
    let source = try openTorchFixture("torch/types.pt")
    let content = try source.bytes(try source.tensor("float64"))
    let start = try #require(bytes.firstRange(of: content)).lowerBound
    bytes[start + 5] ^= 1
    let damaged = try openTorch(bytes)
    let tensor = try damaged.tensor("float64")
    for attempt in [
      failure { () throws(SmithError) in _ = try damaged.bytes(tensor) },
      failure { () throws(SmithError) in try damaged.verifyChecksum(tensor) },
    ] {
      #expect(attempt?.kind == .checksum)
      #expect(attempt?.place.item == "types/data/0")
    }
    try damaged.verifyChecksum(try damaged.tensor("int64"))
  }
}
