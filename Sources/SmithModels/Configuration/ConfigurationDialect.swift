import SmithBytes
import SmithKernels

/// How one ecosystem writes a family's configuration file.
public struct ConfigurationDialect: Sendable {
  /// The file's names, the first being the one we write.
  public var fileNames: [String]
  public var sizeKeys: [(size: Size, key: String)]
  public var activationKey = "hidden_act"
  /// Each spelling of an activation in this ecosystem (models §1.4); the first row of an activation is the one we write.
  public var activations: [(spelling: String, activation: Activation)]
  /// What the ecosystem's own class takes where the file lacks a key.
  public var defaults: JSONObject
  /// The key of the layer-norm epsilon; nil where the code fixes it at `epsilon`.
  public var epsilonKey: String?
  public var epsilon: Double
  /// The epsilon of models that come without the key, where it is not the one that the class takes (models §1.5): RoBERTa.
  public var otherEpsilon: Double?
  /// The key of the padding token that positions are counted from; nil where they are 0, 1, 2, …
  public var paddingKey: String?
  public var maskValue: EncoderConfiguration.MaskValue
  /// The padding token in code that counts positions from it on and knows only this one.
  public var fixedPadding: Int?
  /// The key that says where the layer norms stand, with its two values; nil where the code has them behind.
  public var normPlacementKey: String?
  public var normPlacements: [(value: JSON, placement: EncoderConfiguration.NormPlacement)] = [
    ("postln", .post), ("preln", .pre),
  ]
  /// Settings without influence on the computation that other dialects of the family may know too: carried over by name.
  public var carriedKeys: [String]
  /// Keys and values always written (`model_type`).
  public var constants: JSONObject
  /// Whether the file names the class of the model and its labels, as Hugging Face's does.
  public var namesArchitecture: Bool
  /// Objects within the file whose keys count as the file's own; settings are written into the first, but for `outerKeys`.
  public var nests: [Nest] = []
  public var outerKeys: Set<String> = []
  /// The width of a head in code that makes max(1, H / width) heads unless it is told otherwise.
  public var headWidth: Int?
  /// What the architecture depends on besides sizes and activation, by the file's keys.
  public var settingKeys: [(setting: Setting, key: String)] = []
  /// Settings that the code computes with whatever its file says, and the only sizes it can have.
  public var fixedSettings: [Setting: JSON] = [:]
  public var fixedSizes: [Size: Int] = [:]
  /// How much more than the tensors the file counts, where both numbers are met: the first is written. fairseq's files count fewer, no
  /// positions for padding and what stands before it.
  public var offsets: [Size: [Int]] = [:]
  /// The ends of a configuration file's and of a weights file's name, where a folder may hold several models: `x_options.json` belongs to
  /// `x_weights.hdf5`.
  public var pairedEndings: (file: String, weights: String)?
  /// Whether the ecosystem publishes weights without a configuration, so that the defaults hold also where there is no file.
  public var isOptional = false

  /// The ecosystem's word on whether the decoder is the word table; it is where the word is missing.
  public var tie: Tie?
  /// Settings whose other values make the code compute what we do not.
  public var demands: [Demand] = []
  /// Where the settings stand that have no file of their own.
  public var embedding: Embedding?
  /// What the keys of settings begin with that are typed entries of the container (GGUF: `bert.`); nil for all other places.
  public var entryPrefix: String?
  /// What the ecosystem's code computes whatever activation a file names.
  public var computedActivation: Activation?

  /// The key of the tie, and its value where the decoder is the word table.
  public struct Tie: Sendable {
    public var key: String
    public var tied: Bool

    public init(_ key: String, tied: Bool) {
      self.key = key
      self.tied = tied
    }
  }

  /// A setting that has this value or is missing.
  public struct Demand: Sendable {
    public var key: String
    public var value: JSON
    /// The part that it matters to; nil for all models.
    public var part: String?

    public init(_ key: String, _ value: JSON, of part: String? = nil) {
      self.key = key
      self.value = value
      self.part = part
    }
  }

  /// Settings within the checkpoint, in the dictionary that a training program puts around its tensors.
  public struct Embedding: Sendable {
    /// The paths that its metadata have in front of the settings; the first that is there counts.
    public var paths: [String]
    /// The keys under which settings and tensors are written.
    public var settings: String
    public var model: String
    /// What else the program's reader needs to find.
    public var rest: JSONObject

    public init(paths: [String], settings: String, model: String, rest: JSONObject) {
      self.paths = paths
      self.settings = settings
      self.model = model
      self.rest = rest
    }
  }

  /// An object in a configuration file.
  public struct Nest: Sendable {
    public var key: String
    /// Keys of it that speak of another model.
    public var without: Set<String>

    public init(_ key: String, without: Set<String> = []) {
      self.key = key
      self.without = without
    }
  }

  /// Every key that is read.
  var keys: [String] {
    sizeKeys.map(\.key) + settingKeys.map(\.key) + carriedKeys + [activationKey]
      + demands.map(\.key) + (namesArchitecture ? ["architectures", "model_type"] : [])
      + [epsilonKey, paddingKey, normPlacementKey, tie?.key].compactMap { $0 }
  }

  /// The file's name for a size.
  func key(of size: Size) -> String { sizeKeys.first { $0.size == size }?.key ?? size.rawValue }

  /// The file's settings with those in its nests, which are the stronger ones.
  func flattened(_ file: JSONObject) -> JSONObject {
    var flat = file
    for nest in nests.reversed() {
      for (key, value) in file[nest.key]?.objectValue ?? JSONObject()
      where !nest.without.contains(key) {
        flat[key] = value
      }
    }
    if keys.contains(where: { $0.contains(".") }) { Self.addPaths(of: file, below: "", to: &flat) }
    return flat
  }

  /// What stands in objects within objects, under the keys joined by points: `char_cnn.embedding.dim`.
  private static func addPaths(
    of object: JSONObject, below path: String, to flat: inout JSONObject
  ) {
    for (key, value) in object {
      if let inner = value.objectValue {
        addPaths(of: inner, below: path + key + ".", to: &flat)
      } else if !path.isEmpty {
        flat[path + key] = value
      }
    }
  }

  /// What a user set, a key without its path under its full one where only one key ends so: `cell_clip` for `lstm.cell_clip`.
  func resolved(_ overrides: JSONObject) -> JSONObject {
    let known = keys
    var resolved = JSONObject()
    for (key, value) in overrides {
      let full = known.filter { $0.hasSuffix("." + key) }
      resolved[full.count == 1 && !known.contains(key) ? full[0] : key] = value
    }
    return resolved
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
    tie = namesArchitecture ? Tie("tie_word_embeddings", tied: true) : nil
  }

  /// The same with some properties changed.
  func with(_ change: (inout ConfigurationDialect) -> Void) -> ConfigurationDialect {
    var copy = self
    change(&copy)
    return copy
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
