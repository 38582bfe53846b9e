import Foundation
import SmithBytes
import SmithTensors
import TestSupport

/// What the scripts that made the samples knew of their tensors (Fixtures/generate/tf_truth.py).
enum TensorFlowTruth {
  struct Tensor: Decodable {
    var dtype: DType
    var shape: [Int]
    /// Little endian; absent for text.
    var hex: String?

    var bytes: [UInt8]? {
      hex.map { hex in
        stride(from: 0, to: hex.utf8.count, by: 2).map { start in
          let from = hex.index(hex.startIndex, offsetBy: start)
          return UInt8(hex[from..<hex.index(from, offsetBy: 2)], radix: 16) ?? 0
        }
      }
    }
  }

  /// Prefix below `formats/` → tensor name → tensor.
  static let samples: [String: [String: Tensor]] = {
    do {
      return try JSONDecoder().decode(
        [String: [String: Tensor]].self, from: Data(Fixtures.bytes("truth/tf.json")))
    } catch { return [:] }
  }()

  static let prefixes = [
    "tf_v2_dtypes/model.ckpt-7", "tf_v2_partitioned/model.ckpt", "tf_v2_two_shards/model.ckpt-3",
    "tf_v2_saver/model.ckpt-200", "tf_v2_snappy/model.ckpt", "tf_v2_object/ckpt-1",
    "tf_savedmodel/variables/variables",
  ]
}

extension TensorSource {
  func tensor(_ name: String) throws(SmithError) -> TensorInfo {
    guard let found = tensors.first(where: { $0.name == name }) else {
      throw SmithError(.missing, "no tensor", at: Place(item: name))
    }
    return found
  }

  /// Some bytes of a tensor.
  func bytes(_ tensor: TensorInfo, _ range: Range<Int>) throws(SmithError) -> [UInt8] {
    var array = [UInt8](repeating: 0, count: range.count)
    var span = array.mutableSpan
    var raw = span.mutableBytes
    try read(tensor, at: range.lowerBound, into: &raw)
    return array
  }
}
