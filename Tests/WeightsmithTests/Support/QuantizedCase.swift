import TestSupport
import Testing
import Weightsmith

/// A trained model under a scheme.
struct QuantizedCase: Sendable, CustomTestStringConvertible {
  var folder: String
  var scheme: String
  var testDescription: String { "\(folder) \(scheme)" }

  /// Every scheme on the model that has rows of 512, a few of them on the other.
  static let all =
    (Schemes.all.filter { $0 is any BlockScheme }.map(\.name) + codes).map {
      QuantizedCase(folder: "trained/tiny_albert/hf", scheme: $0)
    }
    + ["int8-channel", "q8_0", "q4_k"].map {
      QuantizedCase(folder: "trained/tiny_bert/hf", scheme: $0)
    }

  /// Of the schemes with parameters, some of every kind.
  static let codes = [
    "int8-channel", "int8", "int8-g64-asym", "int6-g32", "int4-g32", "int4-g32-asym+mse",
    "int4-g64-bias", "int5-asym", "nf4", "fp4", "fp8-e4m3", "fp8-e5m2-tensor",
  ]

  /// Whether it holds to the policy for reduced precision on models as narrow as these, with what stands in for it.
  var isFine: Bool {
    ["int8-channel", "q8_0", "q6_k", "q5_1", "q5_k", "int8-g64-asym", "int6-g32", "fp8-e4m3"]
      .contains(scheme)
  }

  /// How many of 120 questions it must still answer; the model itself answers 119.
  var leastRight: Int { ["tq1_0", "tq2_0"].contains(scheme) ? 60 : scheme == "mxfp4" ? 100 : 115 }

  /// The least signal to noise of a tensor, in dB, by the scheme that stores it.
  static let leastSignalToNoise: [String: Double] = [
    "int8-channel": 30, "q8_0": 30, "q6_k": 30, "q5_0": 22, "q5_1": 22, "q5_k": 22, "q4_0": 15,
    "q4_1": 15, "q4_k": 15, "iq4_nl": 15, "iq4_xs": 15, "mxfp4": 12, "q3_k": 10, "q2_k": 5,
    "tq1_0": 0, "tq2_0": 0, "int8": 25, "int8-g64-asym": 30,
    "int8-g32-asym": 30, "int8-channel-asym": 30,
    "int6-g32": 25, "int4-g32": 15,
    "int4-g32-asym": 15, "int4-g64-bias": 15, "int5-asym": 8, "nf4": 15, "nf4-dq": 15, "fp4": 12,
    "fp8-e4m3": 25,
    "fp8-e5m2-tensor": 15,
  ]

  /// The scheme and those that stand in for it where rows are too short, as they are named in a file.
  var schemes: Set<String> {
    var names: Set<String> = []
    var next = Schemes.named(scheme)
    while let scheme = next {
      names.insert(scheme.storedName)
      next = scheme.substitute
    }
    return names
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
