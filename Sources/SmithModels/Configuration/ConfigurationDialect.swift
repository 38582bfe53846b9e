import SmithBytes
import SmithKernels

/// How one ecosystem writes a family's configuration file.
public struct ConfigurationDialect: Sendable {
  /// The file's names, the first being the one we write.
  public var fileNames: [String]
  public var sizeKeys: [(size: Size, key: String)]
  /// Each spelling of an activation in this ecosystem (models §1.4); the first row of an activation is the one we write.
  public var activations: [(spelling: String, activation: Activation)]
  /// What the ecosystem's own class takes where the file lacks a key.
  public var defaults: JSONObject
  /// The key of the layer-norm epsilon; nil where the code fixes it at `epsilon`.
  public var epsilonKey: String?
  public var epsilon: Double
  public var maskValue: EncoderConfiguration.MaskValue
  /// The key that says where the layer norms stand, with its two words; nil where the code has them behind.
  public var normPlacementKey: String?
  static let normPlacements: [(spelling: String, placement: EncoderConfiguration.NormPlacement)] = [
    ("postln", .post), ("preln", .pre),
  ]
  /// Settings without influence on the computation that other dialects of the family may know too: carried over by name.
  public var carriedKeys: [String]
  /// Keys and values always written (`model_type`).
  public var constants: JSONObject
  /// Whether the file names the class of the model and its labels, as Hugging Face's does.
  public var namesArchitecture: Bool

  public static let activationKey = "hidden_act"
  /// Hugging Face's word on whether the decoder is the word table; true where it is silent.
  static let tieKey = "tie_word_embeddings"

  /// Every key that is read.
  var keys: [String] {
    sizeKeys.map(\.key) + carriedKeys + [Self.activationKey]
      + [epsilonKey, normPlacementKey].compactMap { $0 }
      + (namesArchitecture ? ["architectures", Self.tieKey] : [])
  }

  public init(
    fileNames: [String], sizeKeys: [(size: Size, key: String)],
    activations: [(spelling: String, activation: Activation)], defaults: JSONObject,
    epsilonKey: String? = nil, epsilon: Double = 1e-12,
    maskValue: EncoderConfiguration.MaskValue, normPlacementKey: String? = nil,
    carriedKeys: [String],
    constants: JSONObject = JSONObject(), namesArchitecture: Bool = false
  ) {
    self.fileNames = fileNames
    self.sizeKeys = sizeKeys
    self.activations = activations
    self.defaults = defaults
    self.epsilonKey = epsilonKey
    self.epsilon = epsilon
    self.maskValue = maskValue
    self.normPlacementKey = normPlacementKey
    self.carriedKeys = carriedKeys
    self.constants = constants
    self.namesArchitecture = namesArchitecture
  }

  /// Google's TensorFlow code: `gelu` is the tanh form. For the exact form it has no word; ours makes that code stop with an error, where
  /// `gelu` would let it compute another function in silence.
  public static let googleActivations: [(spelling: String, activation: Activation)] = [
    ("gelu", .geluTanh), ("relu", .relu), ("tanh", .tanh), ("linear", .linear), ("swish", .silu),
    (exactGelu, .gelu),
  ]
  static let exactGelu = "gelu_erf"

  /// transformers: `gelu` is the exact form, the tanh form has three spellings.
  public static let huggingFaceActivations: [(spelling: String, activation: Activation)] = [
    ("gelu", .gelu), ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh),
    ("gelu_python_tanh", .geluTanh), ("gelu_python", .gelu), ("gelu_fast", .geluFast),
    ("quick_gelu", .quickGelu), ("relu", .relu), ("silu", .silu), ("swish", .silu),
    ("tanh", .tanh), ("linear", .linear),
  ]
}
