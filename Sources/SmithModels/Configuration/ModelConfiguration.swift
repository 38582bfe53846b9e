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
  /// The source file's settings that no computation depends on (dropout, initializer range, token ids).
  public var carried: JSONObject
  /// The padding token, where positions count from it on (RoBERTa); nil where they are 0, 1, 2, …
  public var paddingToken: Int?
  /// The heads as the source's code has them; which of them are there, `parts` says.
  public var headForms = EncoderHead.pooling
  /// The model type under which a library keeps the same structure apart (`xlm-roberta`); nil for the family's own.
  public var variant: String?

  public subscript(size: Size) -> Int { sizes[size] ?? 0 }

  /// The heads among the parts, sorted.
  public var heads: [String] {
    parts.subtracting(["projection", "wordProjection", "pooler"]).sorted()
  }

  /// The distinct blocks that run at some depth, ascending.
  public var runningBlocks: [Int] { Set(schedule).sorted() }

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
