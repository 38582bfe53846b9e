/// The activation functions of models §1.4. The raw value is our canonical name; every ecosystem's spelling is a row in a family's tables.
public enum Activation: String, Hashable, Sendable, Codable, CaseIterable {
  /// 0.5·x·(1 + erf(x/√2))
  case gelu
  /// 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
  case geluTanh
  /// The same curve with √(2/π) written out as 0.7978845608.
  case geluFast
  /// x·σ(1.702·x)
  case quickGelu
  case relu
  /// x·σ(x), also called swish.
  case silu
  case tanh
  case linear
}
