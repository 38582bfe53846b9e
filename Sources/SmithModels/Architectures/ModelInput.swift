/// What a model reads: one case for each kind of input that an architecture takes.
public enum ModelInput: Hashable, Sendable {
  case tokens(EncoderInput)
  case characters(ElmoInput)

  /// 1 where the activation called `tap` stands for something that was read, 0 where for padding [B, S]: what comparisons look at. Some
  /// activations have more positions than others.
  public func mask(of tap: String) -> [[Int]] {
    switch self {
    case .tokens(let input): input.attentionMask
    case .characters(let input): input.mask(of: tap)
    }
  }

  /// The input as far as another model can read it too: without token types where that has none.
  public func fitting(_ configuration: ModelConfiguration) -> ModelInput {
    guard case .tokens(var tokens) = self, configuration[.tokenTypes] == 0 else { return self }
    tokens.tokenTypes = tokens.tokenTypes.map { $0.map { _ in 0 } }
    return .tokens(tokens)
  }

  /// What it is made of, for messages.
  public var kind: String {
    switch self {
    case .tokens: "token ids"
    case .characters: "characters"
    }
  }
}

/// Pseudo-random numbers that are the same everywhere (Knuth's MMIX generator).
struct Scatter {
  private var state: UInt64 = 2019

  /// Evenly in `0 ..< limit`.
  mutating func next(below limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(max(1, limit)))
  }
}
