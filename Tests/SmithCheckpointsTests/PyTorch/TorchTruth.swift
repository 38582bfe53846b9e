import Foundation
import SmithBytes
import SmithTensors
import TestSupport

/// What torch itself loads from each PyTorch fixture (Fixtures/generate/torch_truth.py).
struct TorchTruth: Decodable, Sendable {
  var name: String
  var dtype: String
  var shape: [Int]
  /// CRC-32C of the little-endian bytes in row-major order; nil for what we do not read.
  var checksum: UInt32?

  init(from decoder: any Decoder) throws {
    var row = try decoder.unkeyedContainer()
    name = try row.decode(String.self)
    dtype = try row.decode(String.self)
    shape = try row.decode([Int].self)
    checksum = try row.decode(UInt32?.self)
  }

  static let byFile: [String: [TorchTruth]] = {
    do {
      return try JSONDecoder().decode(
        [String: [TorchTruth]].self, from: Data(Fixtures.bytes("torch/truth.json")))
    } catch { return [:] }
  }()

  static let files = byFile.keys.sorted()
  /// Files with a `model.safetensors` of the same model beside them.
  static let pairs = files.filter { $0.hasSuffix("/pytorch_model.bin") }
}
