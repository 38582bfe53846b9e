import SmithKernels

/// Everything the Encoder's mathematics depends on besides the weights (DESIGN §3): sizes, schedule, activation, epsilon, mask.
public struct EncoderConfiguration: Hashable, Sendable, Codable {
  /// Where a block's layer norms stand.
  public enum NormPlacement: String, Hashable, Sendable, Codable { case post, pre }

  /// What is added to the score of a key that must not be seen (models §1.6).
  public enum MaskValue: Hashable, Sendable, Codable {
    case additive(Double)
    /// The most negative finite number of the compute precision.
    case lowestFinite
  }

  public var vocabularySize: Int
  public var embeddingSize: Int
  public var hiddenSize: Int
  public var headCount: Int
  public var intermediateSize: Int
  public var positionCount: Int
  /// 0 for families without token types.
  public var tokenTypeCount: Int
  /// Which distinct block runs at each depth. BERT: 0, 1, 2, …; ALBERT: 0, 0, 0, …
  public var schedule: [Int]
  public var activation: Activation
  public var layerNormEpsilon: Double
  public var maskValue: MaskValue
  public var normPlacement: NormPlacement
  /// Whether `embeddings.projection` (E → H, after the embedding norm) exists.
  public var hasProjection: Bool
  /// Whether `embeddings.wordProjection` (E → H, on the word vector alone, without bias) exists: then positions, types and the embedding
  /// norm have width H (albert_zh).
  public var hasWordProjection: Bool
  public var positions: EncoderPositions
  /// The heads that a checkpoint may have, in the order of their results.
  public var heads: [EncoderHead]

  public init(
    vocabularySize: Int, embeddingSize: Int, hiddenSize: Int, headCount: Int, intermediateSize: Int,
    positionCount: Int, tokenTypeCount: Int, schedule: [Int], activation: Activation,
    layerNormEpsilon: Double = 1e-12, maskValue: MaskValue = .additive(-10000),
    normPlacement: NormPlacement = .post, hasProjection: Bool, hasWordProjection: Bool = false,
    positions: EncoderPositions = .counted, heads: [EncoderHead] = EncoderHead.pooling
  ) {
    self.vocabularySize = vocabularySize
    self.embeddingSize = embeddingSize
    self.hiddenSize = hiddenSize
    self.headCount = headCount
    self.intermediateSize = intermediateSize
    self.positionCount = positionCount
    self.tokenTypeCount = tokenTypeCount
    self.schedule = schedule
    self.activation = activation
    self.layerNormEpsilon = layerNormEpsilon
    self.maskValue = maskValue
    self.normPlacement = normPlacement
    self.hasProjection = hasProjection
    self.hasWordProjection = hasWordProjection
    self.positions = positions
    self.heads = heads
  }

  /// The width in which word, position and type vectors are summed and normed.
  public var embeddedSize: Int { hasWordProjection ? hiddenSize : embeddingSize }

  /// The number of distinct blocks: one more than the largest entry of the schedule.
  public var blockCount: Int { (schedule.max() ?? -1) + 1 }
}
