import SmithBytes

/// What one ecosystem calls a family's parameters, in which orientation, and what else its files carry (DESIGN §4).
public struct Dialect: Sendable {
  /// The names an ecosystem goes by on the command line (`--names`) and in JSON.
  public enum Name: String, Hashable, Sendable, Codable, CaseIterable {
    case original, hf, keras, flax, gguf, fairseq
    /// albert_zh's `modeling_google_fast.py`: Google's names, grouped feed-forward kernels.
    case googleFast = "google_fast"
    /// bilm-tf's training checkpoints.
    case bilm
    /// AllenNLP's modules.
    case allennlp
    /// The object graphs of TensorFlow's Model Garden (`tf-models-official`).
    case modelGarden = "model-garden"

    /// Those that models can be written under.
    public static let writable = allCases.filter { $0 != .googleFast && $0 != .modelGarden }

    /// `hf` in full.
    public static let huggingFace = Name.hf
  }

  /// Stored tensors that are no parameters, by the end or the whole of their name, each with the reason a user is told.
  public struct Ignored: Sendable {
    public enum Test: Sendable {
      case whole(NamePattern)
      case ending(String)
      case beginning(String)
    }

    public var test: Test
    public var reason: String

    public init(_ test: Test, because reason: String) {
      self.test = test
      self.reason = reason
    }

    /// Of a tensor beside those of the part that is read.
    static let otherPart = "belongs to the other part"
    /// Of a tensor that a head of the file has another one for.
    static let replaced = "the head has its own"

    func matches(_ name: String) -> Bool {
      switch test {
      case .whole(let pattern): pattern.match(name) != nil
      case .ending(let suffix): name.hasSuffix(suffix)
      case .beginning(let prefix): name.hasPrefix(prefix)
      }
    }
  }

  public var name: Name
  public var rules: [Rule]
  public var ignored: [Ignored]
  /// Prefixes around everything that some tools add (`module.`); the first is what we write.
  public var wrappers: [String]
  /// The scope of the model's body as the rules write it, and the other forms it is met in (`bert.` and nothing).
  public var scope: String
  public var otherScopes: [String]
  /// The model's name on disk to the name in the rules, for ecosystems whose names carry counters and owners; nil keeps it.
  public var normalise: (@Sendable (String) -> String)?
  /// The inverse of `normalise`, given the heads that are written.
  public var decorate: (@Sendable (String, _ parts: Set<String>) -> String)?
  /// The block at each depth, as this ecosystem's library computes it.
  public var schedule: ScheduleFormula
  public var configuration: ConfigurationDialect
  /// Which of the models this table reads, in an ecosystem whose files hold several side by side (ELECTRA's `discriminator` and
  /// `generator`); each has a table of its own under the one name.
  public var part: String?
  /// The heads as this ecosystem's code has them, where they are not the family's.
  public var heads: [EncoderHead]?
  /// The places in its names that take text.
  public var words: [String: Word] = [:]
  /// Sizes of what its code knows in one number only and has no tensor for: the parameters of that size change nothing.
  public var fixedSizes: [Size: Int] = [:]
  /// Parts without which its own reader refuses a file; ours reads those that lack them.
  public var expectedParts: Set<String> = []
  /// Parameters without which a file is not in these names, besides the family's anchors: where other models' tensors are called alike.
  public var anchors: [NamePattern] = []
  /// Parts that its own converter leaves out of a file, because nothing computes with them.
  public var leavesOut: Set<String> = []
  /// Matrices that its code reads in f32 only, as all vectors; nil where any element type will do.
  public var singles: Set<String>?

  /// A place in names that takes what somebody chose: the name of a head.
  public struct Word: Sendable {
    /// The setting that chooses one of several in a file, and under which it travels into other ecosystems' configurations.
    public var key: String
    /// What it is for, in the plural, for messages.
    public var what: String
    /// What is written where nothing says another.
    public var usual: String

    public init(key: String, what: String, usual: String) {
      self.key = key
      self.what = what
      self.usual = usual
    }
  }

  /// The containers in which the family's models usually have these names, where that is not the container's own ecosystem.
  public var homes: [Home] = []

  /// A container that belongs to a dialect within its family.
  public struct Home: Sendable {
    /// The format's name.
    public var container: String
    /// What the file is called, where that is not the container's usual name.
    public var file: String?

    public init(_ container: String, file: String? = nil) {
      self.container = container
      self.file = file
    }
  }

  /// Whether the family's models in that container usually have these names.
  public func isAtHome(in container: String) -> Bool {
    homes.contains { $0.container == container }
  }

  /// Whether models can be written under it: every step has an inverse.
  public var isWritable: Bool { rules.allSatisfy(\.step.isWritten) }

  public init(
    name: Name, part: String? = nil, rules: [[Rule]], ignored: [Ignored], wrappers: [String] = [""],
    scope: String = "",
    otherScopes: [String] = [], normalise: (@Sendable (String) -> String)? = nil,
    decorate: (@Sendable (String, _ parts: Set<String>) -> String)? = nil,
    schedule: ScheduleFormula, configuration: ConfigurationDialect, heads: [EncoderHead]? = nil
  ) {
    self.name = name
    self.part = part
    self.heads = heads
    self.rules = rules.flatMap { $0 }
    self.ignored = ignored
    self.wrappers = wrappers
    self.scope = scope
    self.otherScopes = otherScopes
    self.normalise = normalise
    self.decorate = decorate
    self.schedule = schedule
    self.configuration = configuration
  }

  /// The same with some properties changed.
  func with(_ change: (inout Dialect) -> Void) -> Dialect {
    var copy = self
    change(&copy)
    return copy
  }
}

/// Which of G·K distinct blocks runs at each of L·K depths. The two float formulas differ for 57 pairs (L, G) with L ≤ 64 (models
/// §2.3), so each source's own is used, in double arithmetic as there.
public enum ScheduleFormula: Sendable {
  /// Every depth has its own block.
  case sequential
  /// One block runs at every depth.
  case shared
  /// google-research/albert `modeling.py`: group `int(i / L * G)`.
  case albertOriginal
  /// transformers `modeling_albert.py`: group `int(i / (L / G))`.
  case albertHuggingFace

  /// The schedule of L layers over G groups of K inner blocks. All three are at least 1.
  public func schedule(layers: Int, groups: Int, inner: Int) -> [Int] {
    (0..<layers).flatMap { layer -> [Int] in
      let group: Int
      switch self {
      case .sequential: group = layer
      case .shared: group = 0
      case .albertOriginal: group = Int(Double(layer) / Double(layers) * Double(groups))
      case .albertHuggingFace: group = Int(Double(layer) / (Double(layers) / Double(groups)))
      }
      return (0..<inner).map { group * inner + $0 }
    }
  }
}
