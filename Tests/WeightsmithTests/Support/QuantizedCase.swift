import TestSupport
import Testing
import Weightsmith

/// A trained model under a scheme.
struct QuantizedCase: Sendable, CustomTestStringConvertible {
  var folder: String
  var scheme: String
  var testDescription: String { "\(folder) \(scheme)" }

  static let all = ["trained/tiny_albert/hf", "trained/tiny_bert/hf"].flatMap { folder in
    Schemes.all.map { QuantizedCase(folder: folder, scheme: $0.name) }
  }

  /// The model as it is, and the folder `quantized` with what the scheme makes of it.
  func written(
    in scratch: Scratch, shardBytes: Int? = nil
  ) throws -> (reference: Model, path: String) {
    let model = try Model(Checkpoint.open(Fixtures.path(folder)))
    let path = "\(scratch.path)/quantized"
    let smaller = try model.applying(.quantize(#require(Schemes.named(scheme))))
    var work = try Conversion(smaller, to: "safetensors", as: .hf, at: path)
    work.target.maxShardBytes = shardBytes
    try work.run()
    return (model, path)
  }
}
