/// One model family: the canonical parameters it has, and what each ecosystem calls them. Names and configuration only; the mathematics is
/// the architecture's (DESIGN §3).
public struct Family: Sendable {
  /// The name in JSON, on the command line and in Hugging Face's `model_type`.
  public var name: String
  /// The mathematics it runs on.
  public var architecture: any Architecture
  public var parameters: [ParameterRow]
  /// The parameters without which no checkpoint is one of this family, in any block; names are held against the first before anything
  /// else.
  public var anchors: [NamePattern]
  public var dialects: [Dialect]
  /// Parts that an ecosystem's files cannot be without: `projection` in every Hugging Face ALBERT.
  public var demanded: [Dialect.Name: Set<String>]
  /// What the places in its parameters' names count besides blocks (`b`): `h` highways.
  public var counts: [String: Size]
  /// Sizes that equal another one in this family: BERT's embedding width is its hidden width.
  public var equalSizes: [Size: Size]
  /// Classes of the ecosystem's library by the heads they carry.
  public var classes: [ModelClass]
  /// What its heads read and compute, in all dialects that say nothing else.
  public var heads: [EncoderHead]
  /// Model types under which the ecosystem's library keeps models of this very structure, and how their classes' names begin.
  public var variants: [String: String]

  public init(
    name: String, architecture: any Architecture = EncoderArchitecture(),
    parameters: [[ParameterRow]],
    anchors: [String] = ["embeddings.word", "blocks.{b}.attention.query.weight"],
    dialects: [Dialect], demanded: [Dialect.Name: Set<String>] = [:], counts: [String: Size] = [:],
    equalSizes: [Size: Size] = [:],
    classes: [ModelClass], heads: [EncoderHead] = EncoderHead.pooling,
    variants: [String: String] = [:]
  ) {
    self.name = name
    self.architecture = architecture
    self.parameters = parameters.flatMap { $0 }
    self.anchors = anchors.map(NamePattern.init)
    self.dialects = dialects
    self.demanded = demanded
    self.counts = counts
    self.equalSizes = equalSizes
    self.classes = classes
    self.heads = heads
    self.variants = variants
  }

  public func dialect(_ name: Dialect.Name) -> Dialect? { dialects.first { $0.name == name } }

  /// The part that a parameter belongs to, if it belongs to one.
  public func part(of parameter: String) -> String? {
    parameters.first { $0.name.match(parameter) != nil }?.part
  }

  /// The dialect's table for a model: where there is one for each part, that of its own part, or the first that has names for its heads.
  public func dialect(
    _ name: Dialect.Name, for model: Parameters
  ) -> Dialect? {
    let tables = dialects.filter { $0.name == name }
    let part = part(of: model)
    return tables.first { $0.part == part } ?? tables.first
  }

  /// The part that a model is, in a family whose models come several in one file: as it was read, else the first whose table names its
  /// heads, else the first of all. Nil in other families.
  public func part(of model: Parameters) -> String? {
    let tables = dialects.filter { $0.part != nil }
    let parts = model.configuration.parts
    return model.part
      ?? (tables.first { parts.isSubset(of: self.parts(namedBy: $0)) } ?? tables.first)?.part
  }

  private func parts(namedBy dialect: Dialect) -> Set<String> {
    let named = Set(dialect.rules.map(\.canonical.text))
    return Set(parameters.compactMap { named.contains($0.name.text) ? $0.part : nil })
  }

  /// Whether a configuration file's `model_type` means this family.
  public func isNamed(_ type: String) -> Bool { type == name || variants[type] != nil }

  /// The class that carries these heads best: most of them, and fewest it would leave unfilled.
  public func modelClass(for parts: Set<String>) -> ModelClass? {
    classes.max { lhs, rhs in
      (lhs.parts.intersection(parts).count, -lhs.parts.subtracting(parts).count)
        < (rhs.parts.intersection(parts).count, -rhs.parts.subtracting(parts).count)
    }
  }
}

/// A class of transformers and the heads it has.
public struct ModelClass: Sendable {
  public var torch: String
  /// Its name in Keras files, snake case.
  public var keras: String
  public var parts: Set<String>

  public init(_ torch: String, keras: String, parts: Set<String> = []) {
    self.torch = torch
    self.keras = keras
    self.parts = parts
  }
}

/// One canonical parameter: its name, its dimensions, and the optional part it belongs to (nil: every model of the family has it).
public struct ParameterRow: Sendable {
  public var name: NamePattern
  public var dimensions: [Dimension]
  public var part: String?
  /// The parameter whose values it shares unless a file shows it with others.
  public var tiedTo: String?
  /// The value with which it changes nothing, where there is one: what it has in files that cannot be without it.
  public var neutral: NeutralValue?
  /// A setting with which even that value would change something: a clip behind the map.
  public var neutralWithout: Setting?

  public init(
    _ name: String, _ dimensions: [Dimension], part: String? = nil, tiedTo: String? = nil,
    neutral: NeutralValue? = nil, neutralWithout: Setting? = nil
  ) {
    self.name = NamePattern(name)
    self.dimensions = dimensions
    self.part = part
    self.tiedTo = tiedTo
    self.neutral = neutral
    self.neutralWithout = neutralWithout
  }

  /// A bare table [rows, columns].
  static func table(
    _ name: String, _ rows: Size, _ columns: Size, neutral: NeutralValue? = nil
  ) -> [ParameterRow] {
    [ParameterRow(name, [.size(rows), .size(columns)], neutral: neutral)]
  }

  /// `name.weight` [output, input] and `name.bias` [output].
  static func linear(
    _ name: String, _ output: Size, _ input: Size, part: String? = nil
  )
    -> [ParameterRow]
  {
    [
      ParameterRow(name + ".weight", [.size(output), .size(input)], part: part),
      ParameterRow(name + ".bias", [.size(output)], part: part),
    ]
  }

  /// `name.weight` and `name.bias` [width].
  static func norm(_ name: String, _ width: Size, part: String? = nil) -> [ParameterRow] {
    [
      ParameterRow(name + ".weight", [.size(width)], part: part),
      ParameterRow(name + ".bias", [.size(width)], part: part),
    ]
  }

  /// A classifying head `heads.part.{weight,bias}` over the hidden width.
  static func classifier(_ part: String) -> [ParameterRow] {
    [
      ParameterRow("heads.\(part).weight", [.classes(part), .size(.hidden)], part: part),
      ParameterRow("heads.\(part).bias", [.classes(part)], part: part),
    ]
  }

  /// The masked-language head: transform to the embedding width, norm, and the bias beside the decoder, which is the word
  /// table unless a file carries another.
  static let maskedLanguageHead: [[ParameterRow]] = [
    linear("heads.mlm.dense", .embedding, .hidden, part: "mlm"),
    norm("heads.mlm.norm", .embedding, part: "mlm"),
    [ParameterRow("heads.mlm.bias", [.size(.vocabulary)], part: "mlm")],
    [
      ParameterRow(
        "heads.mlm.decoder.weight", [.size(.vocabulary), .size(.embedding)], part: "decoder",
        tiedTo: "embeddings.word")
    ],
  ]

  /// The map from the embeddings' width to the blocks'; where they are equal, the identity or nothing.
  static let embeddingMap = [
    ParameterRow(
      "embeddings.projection.weight", [.size(.hidden), .size(.embedding)], part: "projection",
      neutral: .identity),
    ParameterRow(
      "embeddings.projection.bias", [.size(.hidden)], part: "projection", neutral: .zeros),
  ]

  /// The block of BERT and ALBERT.
  static let encoderBlock: [[ParameterRow]] = [
    linear("blocks.{b}.attention.query", .hidden, .hidden),
    linear("blocks.{b}.attention.key", .hidden, .hidden),
    linear("blocks.{b}.attention.value", .hidden, .hidden),
    linear("blocks.{b}.attention.output", .hidden, .hidden),
    norm("blocks.{b}.attention.norm", .hidden),
    linear("blocks.{b}.feedForward.up", .intermediate, .hidden),
    linear("blocks.{b}.feedForward.down", .hidden, .intermediate),
    norm("blocks.{b}.feedForward.norm", .hidden),
  ]

  /// The hidden layer of a classifying head, `heads.part.dense.{weight,bias}`.
  static func hiddenLayer(_ part: String) -> [ParameterRow] {
    linear("heads.\(part).dense", .hidden, .hidden, part: part)
  }

  /// The embedding tables and their norm, at width `width`; `neutralTypes` where some ecosystem's code has no token types.
  static func embeddings(
    _ width: Size, tokenTypes: Bool = true, neutralTypes: NeutralValue? = nil
  ) -> [[ParameterRow]] {
    [
      table("embeddings.word", .vocabulary, width),
      table("embeddings.position", .positions, width),
      tokenTypes ? table("embeddings.tokenType", .tokenTypes, width, neutral: neutralTypes) : [],
      norm("embeddings.norm", width),
    ]
  }
}

/// The families, in the order in which they are listed. Adding one is one file and one line here.
public enum Families {
  public static let all: [Family] = [
    .albert, .albertZh, .bert, .roberta, .distilbert, .electra, .elmo,
  ]

  public static func named(_ name: String) -> Family? { all.first { $0.name == name } }
}
