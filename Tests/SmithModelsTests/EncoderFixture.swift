import Foundation
import SmithBytes
import SmithKernels
import SmithModels
import TestSupport

/// A file of Fixtures/generate/encoder_canonical.py: canonical weights, inputs, and what the original program computed.
///
/// It is read here with Foundation alone, so that these tests lean on no reader and no dialect table of the product.
struct EncoderFixture: ParameterSource {
  struct Tensor: Sendable {
    var shape: [Int]
    var bytes: [UInt8]

    var floats: [Float] {
      bytes.withUnsafeBytes { raw in
        (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
      }
    }

    /// int32 [B, S] as rows.
    var rows: [[Int]] {
      let flat = bytes.withUnsafeBytes { raw in
        (0..<raw.count / 4).map { Int(raw.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)) }
      }
      return (0..<shape[0]).map { Array(flat[$0 * shape[1]..<($0 + 1) * shape[1]]) }
    }
  }

  struct Stale: Error { var path: String }

  var tensors: [String: Tensor] = [:]
  var configuration: EncoderConfiguration

  init(_ name: String) throws {
    let bytes = try Fixtures.bytes("encoder/\(name).safetensors")
    let length = bytes.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
    let header = try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length]))
    guard let entries = header as? [String: [String: Any]],
      let text = entries["__metadata__"]?["configuration"] as? String
    else { throw Stale(path: name) }
    for (name, entry) in entries {
      guard let shape = entry["shape"] as? [Int], let range = entry["data_offsets"] as? [Int]
      else { continue }
      let start = 8 + length
      tensors[name] = Tensor(
        shape: shape, bytes: Array(bytes[start + range[0]..<start + range[1]]))
    }
    configuration = try JSONDecoder().decode(Sizes.self, from: Data(text.utf8)).configuration
  }

  /// The configuration as the generator writes it.
  private struct Sizes: Decodable {
    var vocabularySize, embeddingSize, hiddenSize, headCount, intermediateSize: Int
    var positionCount, tokenTypeCount: Int
    var schedule: [Int]
    var activation: Activation
    var layerNormEpsilon: Double
    var normPlacement: EncoderConfiguration.NormPlacement
    var hasProjection: Bool
    /// Absent: the most negative finite number.
    var additiveMask: Double?

    var configuration: EncoderConfiguration {
      EncoderConfiguration(
        vocabularySize: vocabularySize, embeddingSize: embeddingSize, hiddenSize: hiddenSize,
        headCount: headCount, intermediateSize: intermediateSize, positionCount: positionCount,
        tokenTypeCount: tokenTypeCount, schedule: schedule, activation: activation,
        layerNormEpsilon: layerNormEpsilon,
        maskValue: additiveMask.map { .additive($0) } ?? .lowestFinite,
        normPlacement: normPlacement, hasProjection: hasProjection)
    }
  }

  var input: EncoderInput {
    get throws {
      guard let ids = tensors["input.input_ids"] else { throw Stale(path: "input_ids") }
      return EncoderInput(
        ids: ids.rows, attentionMask: tensors["input.attention_mask"]?.rows,
        tokenTypes: tensors["input.token_type_ids"]?.rows)
    }
  }

  /// What the original program computed, under the names of our taps.
  var outputs: [(name: String, tensor: Tensor)] {
    tensors.filter { $0.key.hasPrefix("output.") }.sorted { $0.key < $1.key }
      .map { (String($0.key.dropFirst("output.".count)), $0.value) }
  }

  func contains(_ name: String) -> Bool { tensors["parameter.\(name)"] != nil }

  func shape(of name: String) -> [Int]? { tensors["parameter.\(name)"]?.shape }

  func values(_ name: String, shape: [Int]) throws(SmithError) -> [Float] {
    guard let tensor = tensors["parameter.\(name)"] else {
      throw SmithError(.missing, "no such parameter", at: Place(item: name))
    }
    guard tensor.shape == shape else {
      throw SmithError(
        .mismatch, "shape \(tensor.shape), expected \(shape)", at: Place(item: name))
    }
    return tensor.floats
  }
}

/// The largest absolute difference; infinite where the counts differ or a number is NaN.
func largestDifference<A: BinaryFloatingPoint, B: BinaryFloatingPoint>(_ a: [A], _ b: [B]) -> Double
{
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { largest, pair in
    let difference = abs(Double(pair.0) - Double(pair.1))
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}
