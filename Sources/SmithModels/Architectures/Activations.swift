/// Which intermediate results a forward pass keeps. Pooled output and head logits are always kept.
public enum Taps: Int, Hashable, Sendable, Comparable {
  /// Nothing but pooled output and logits.
  case none
  /// Also the embeddings and what each layer puts out.
  case everyLayer
  /// Also everything inside the layers and heads.
  case everything

  public static func < (a: Taps, b: Taps) -> Bool { a.rawValue < b.rawValue }
}

/// The intermediate and final results of a forward pass, in the order they were computed.
public struct Activations<Scalar: Sendable>: Sendable {
  /// One result: `layers.3.attention.norm`.
  public struct Tap: Sendable {
    public var name: String
    /// [B, S, width] for sequences, [B, width] for what is one vector per sequence.
    public var shape: [Int]
    /// Row-major.
    public var values: [Scalar]

    public init(name: String, shape: [Int], values: [Scalar]) {
      self.name = name
      self.shape = shape
      self.values = values
    }
  }

  public private(set) var taps: [Tap] = []

  /// The result called `name`, if it was kept.
  public subscript(name: String) -> Tap? { taps.first { $0.name == name } }

  mutating func append(_ name: String, _ shape: [Int], _ values: [Scalar]) {
    taps.append(Tap(name: name, shape: shape, values: values))
  }
}
