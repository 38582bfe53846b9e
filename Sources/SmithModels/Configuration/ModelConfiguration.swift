import SmithBytes
import SmithKernels

/// What a model is besides its weights: sizes, schedule, activation, epsilon, mask, heads, and the source's other settings carried along.
public struct ModelConfiguration: Hashable, Sendable {
  /// The family's name in `Families`.
  public var family: String
  public var sizes: [Size: Int]
  /// Which distinct block runs at each depth (DESIGN §3).
  public var schedule: [Int]
  public var activation: Activation
  public var layerNormEpsilon: Double
  public var maskValue: EncoderConfiguration.MaskValue
  /// Where a block's layer norms stand.
  public var normPlacement = EncoderConfiguration.NormPlacement.post
  /// Whether the masked-language head's decoder has weights of its own, not those of the word table.
  public var isUntied = false
  /// The optional parts that are there: `projection`, `pooler`, and heads (`mlm`, `nsp`, `sop`, `sequence`, `token`, `span`,
  /// `discriminator`).
  public var parts: Set<String>
  /// Classes of each classifying head.
  public var classes: [String: Int]
  /// What else the computation depends on, for the architectures that have it.
  public var settings: [Setting: JSON] = [:]
  /// The source file's settings that no computation depends on (dropout, initializer range, token ids).
  public var carried: JSONObject
  /// The padding token, where positions count from it on (RoBERTa); nil where they are 0, 1, 2, …
  public var paddingToken: Int?
  /// The heads as the source's code has them; which of them are there, `parts` says.
  public var headForms = EncoderHead.pooling
  /// The model type under which a library keeps the same structure apart (`xlm-roberta`); nil for the family's own.
  public var variant: String?

  /// What fills up short sequences: it matters only where positions depend on it.
  public var padding: Int { paddingToken ?? 0 }

  public subscript(size: Size) -> Int { sizes[size] ?? 0 }

  /// Parts that are no heads: maps between widths, where a model needs them, and the pooler.
  private static let bodyParts: Set = ["projection", "wordProjection", "stateProjection", "pooler"]

  /// The heads among the parts, sorted.
  public var heads: [String] { parts.subtracting(Self.bodyParts).sorted() }

  /// The distinct blocks that run at some depth, ascending.
  public var runningBlocks: [Int] { Set(schedule).sorted() }

  /// The mathematics of the family; that of encoders for one that nobody knows.
  public var architecture: any Architecture {
    Families.named(family)?.architecture ?? EncoderArchitecture()
  }

  /// The settings of the Encoder's mathematics.
  public var encoder: EncoderConfiguration {
    EncoderConfiguration(
      vocabularySize: self[.vocabulary], embeddingSize: self[.embedding], hiddenSize: self[.hidden],
      headCount: self[.heads], intermediateSize: self[.intermediate],
      positionCount: self[.positions], tokenTypeCount: self[.tokenTypes], schedule: schedule,
      activation: activation, layerNormEpsilon: layerNormEpsilon, maskValue: maskValue,
      normPlacement: normPlacement, hasProjection: parts.contains("projection"),
      hasWordProjection: parts.contains("wordProjection"),
      positions: paddingToken.map { .besides(padding: $0) } ?? .counted, heads: headForms)
  }
}

extension ModelConfiguration {
  /// The settings of ELMo's mathematics.
  public var elmo: ElmoConfiguration {
    let pairs = settings[.filters]?.arrayValue ?? []
    let filters = pairs.map { pair in
      ElmoConfiguration.Filters(
        width: pair.arrayValue?.first?.intValue ?? 0, count: pair.arrayValue?.last?.intValue ?? 0)
    }
    return ElmoConfiguration(
      characterCount: self[.characters], characterWidth: self[.characterWidth],
      wordLength: self[.wordLength], filters: filters, activation: activation,
      highwayCount: self[.highways], stateSize: self[.hidden], cellSize: self[.cell],
      layerCount: self[.layers], cellClip: settings[.cellClip]?.doubleValue,
      stateClip: settings[.stateClip]?.doubleValue,
      skipsConnections: settings[.skipsConnections]?.boolValue ?? false,
      mixNorm: settings[.normsMixes]?.boolValue ?? false ? .wordsAndMarkers : .none)
  }
}
