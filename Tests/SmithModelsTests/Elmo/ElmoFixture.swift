import Foundation
import SmithBytes
import SmithKernels
import TestSupport

@testable import SmithModels

/// The file of Fixtures/generate/elmo_canonical.py: canonical weights, an input, and what the original graph computed. Read with
/// Foundation alone, as `EncoderFixture`, whose tensors it shares.
struct ElmoFixture: ParameterSource {
  struct Stale: Error { var path: String }

  var tensors: [String: EncoderFixture.Tensor]
  var configuration: ElmoConfiguration
  let input: ElmoInput

  init(_ name: String = "canonical") throws {
    let (tensors, metadata) = try Self.read(name)
    guard let text = metadata["options"] as? String else { throw Stale(path: name) }
    self.tensors = tensors
    configuration = try JSONDecoder().decode(Options.self, from: Data(text.utf8)).configuration
    guard let ids = tensors["input.char_ids"], let input = ElmoInput(marked: ids.cube) else {
      throw Stale(path: "char_ids")
    }
    self.input = input
  }

  /// The tensors of a file that has no options.
  static func tensors(_ name: String) throws -> [String: EncoderFixture.Tensor] {
    try read(name).tensors
  }

  private static func read(
    _ name: String
  ) throws -> (tensors: [String: EncoderFixture.Tensor], metadata: [String: Any]) {
    let bytes = try Fixtures.bytes("elmo/\(name).safetensors")
    let start = 8 + bytes.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
    let header = try JSONSerialization.jsonObject(with: Data(bytes[8..<start]))
    guard let entries = header as? [String: [String: Any]] else { throw Stale(path: name) }
    var tensors: [String: EncoderFixture.Tensor] = [:]
    for (name, entry) in entries {
      guard let shape = entry["shape"] as? [Int], let range = entry["data_offsets"] as? [Int]
      else { continue }
      tensors[name] = EncoderFixture.Tensor(
        shape: shape, bytes: Array(bytes[start + range[0]..<start + range[1]]))
    }
    return (tensors, entries["__metadata__"] ?? [:])
  }

  /// `options.json`, decoded apart from the product's own reader.
  private struct Options: Decodable {
    struct CharCNN: Decodable {
      struct Embedding: Decodable { var dim: Int }
      var embedding: Embedding
      var filters: [[Int]]
      var n_highway, max_characters_per_token: Int
      var activation: String
    }
    struct LSTM: Decodable {
      var cell_clip, proj_clip: Double
      var dim, projection_dim, n_layers: Int
      var use_skip_connections: Bool
    }
    var char_cnn: CharCNN
    var lstm: LSTM

    var configuration: ElmoConfiguration {
      ElmoConfiguration(
        characterWidth: char_cnn.embedding.dim, wordLength: char_cnn.max_characters_per_token,
        filters: char_cnn.filters.map { .init(width: $0[0], count: $0[1]) },
        activation: char_cnn.activation == "relu" ? .relu : .tanh,
        highwayCount: char_cnn.n_highway, stateSize: lstm.projection_dim, cellSize: lstm.dim,
        layerCount: lstm.n_layers, cellClip: lstm.cell_clip, stateClip: lstm.proj_clip,
        skipsConnections: lstm.use_skip_connections)
    }
  }

  /// What the original program computed, under the names of our taps.
  var outputs: [(name: String, tensor: EncoderFixture.Tensor)] {
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

extension EncoderFixture.Tensor {
  init(_ values: [Float]) {
    self.init(
      shape: [values.count],
      bytes: values.flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
      })
  }

  /// int32 [a, b, c] as nested rows.
  var cube: [[[Int]]] {
    let flat = bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { Int(raw.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)) }
    }
    let (b, c) = (shape[1], shape[2])
    return (0..<shape[0]).map { i in
      (0..<b).map { j in Array(flat[((i * b + j) * c)..<((i * b + j + 1) * c)]) }
    }
  }
}

/// The largest difference at the positions of `mask`, of [B, S, width].
func largestDifference<A: BinaryFloatingPoint, B: BinaryFloatingPoint>(
  _ a: [A], _ b: [B], mask: [[Int]]
) -> Double {
  let rows = mask.joined().count
  guard a.count == b.count, a.count % rows == 0 else { return .infinity }
  let width = a.count / rows
  let seen = mask.joined().enumerated().filter { $0.element == 1 }.map(\.offset)
  return seen.map { row in
    let part = (row * width)..<((row + 1) * width)
    return largestDifference(Array(a[part]), Array(b[part]))
  }.max() ?? .infinity
}
