import Foundation
import TestSupport
import Testing
import Weightsmith

/// A BERT of one block whose rows are whole super-blocks of 256, which the trained fixtures are too narrow for. Its weights are pseudo-random
/// numbers of the usual size, with an outlier in every row.
enum WideModel {
  static let width = 256
  static let configuration = """
    {"model_type": "bert", "hidden_size": 256, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 256,
     "hidden_act": "gelu", "max_position_embeddings": 16, "type_vocab_size": 2, "vocab_size": 40,
     "layer_norm_eps": 1e-12, "pad_token_id": 0}
    """

  private static let names: [(String, [Int])] = {
    var names = [
      ("embeddings.word_embeddings.weight", [40, width]),
      ("embeddings.position_embeddings.weight", [16, width]),
      ("embeddings.token_type_embeddings.weight", [2, width]),
      ("embeddings.LayerNorm.weight", [width]), ("embeddings.LayerNorm.bias", [width]),
    ]
    for part in [
      "attention.self.query", "attention.self.key", "attention.self.value",
      "attention.output.dense", "intermediate.dense", "output.dense",
    ] {
      names += [
        ("encoder.layer.0.\(part).weight", [width, width]),
        ("encoder.layer.0.\(part).bias", [width]),
      ]
    }
    for norm in ["attention.output.LayerNorm", "output.LayerNorm"] {
      names += ["weight", "bias"].map { ("encoder.layer.0.\(norm).\($0)", [width]) }
    }
    return names + [("pooler.dense.weight", [width, width]), ("pooler.dense.bias", [width])]
  }()

  private static let weights: [Float] = {
    var state: UInt64 = 11
    return (0..<names.reduce(0) { $0 + $1.1.reduce(1, *) }).map { index in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let uniform = Float(state >> 40) / Float(1 << 24) - 0.5
      return index % 251 == 0 ? uniform : uniform * 0.1
    }
  }()

  /// The model in a folder `wide` of the scratch folder.
  static func make(in scratch: Scratch) throws -> Model {
    let folder = "\(scratch.path)/wide"
    if !FileManager.default.fileExists(atPath: folder) {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(configuration.utf8).write(to: URL(fileURLWithPath: "\(folder)/config.json"))
      try bytes().write(to: URL(fileURLWithPath: "\(folder)/model.safetensors"))
    }
    return try Model(Checkpoint.open(folder))
  }

  private static func bytes() throws -> Data {
    var header: [String: Any] = [:]
    var start = 0
    for (name, shape) in names {
      let end = start + shape.reduce(4, *)
      header[name] = ["dtype": "F32", "shape": shape, "data_offsets": [start, end]]
      start = end
    }
    var text = try JSONSerialization.data(withJSONObject: header, options: .sortedKeys)
    text.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8))
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    return Data(length) + text + weights.withUnsafeBytes { Data($0) }
  }
}
