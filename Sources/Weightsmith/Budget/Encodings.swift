import SmithBytes
import SmithModels
import SmithTensors

/// A way to store a matrix that a search may choose.
public enum EncodingChoice: Sendable {
  case scheme(any QuantizationScheme)
  /// A narrower float type.
  case type(DType)

  public var name: String {
    switch self {
    case .scheme(let scheme): scheme.name
    case .type(let dtype): dtype.rawValue
    }
  }

  /// What a search looks at unless told otherwise: for each size of a weight those that lose least there.
  public static let usual: [EncodingChoice] =
    [.type(.f16)]
    + ["int8-channel", "q8_0", "q6_k", "q5_k", "q5_1", "q4_k", "iq4_nl", "q4_0", "q3_k", "q2_k"]
    .compactMap { Schemes.named($0) }.map { .scheme($0) }

  /// Those of a container that has no layout of ours: what it knows itself.
  public static func usual(in native: Set<String>) -> [EncodingChoice] {
    usual.filter {
      if case .scheme(let scheme) = $0 { native.contains(scheme.name) } else { true }
    }
  }

  /// A parameter stored so: nil where its rows do not fit, also not the substitute's.
  func option(for recipe: Recipe) -> EncodingOption? {
    switch self {
    case .type(let dtype):
      let bits = recipe.dtype.bits
      return dtype.bits < bits
        ? EncodingOption(choice: self, bytes: recipe.byteCount * dtype.bits / bits) : nil
    case .scheme(let scheme):
      guard let held = scheme.holding(recipe.shape),
        let parts = try? held.components(shape: recipe.shape)
      else { return nil }
      let bytes = parts.reduce(0) { $0 + $1.shape.reduce(1, &*) * $1.dtype.bits / 8 }
      return EncodingOption(choice: .scheme(held), bytes: bytes)
    }
  }
}

/// One parameter under one encoding: what it takes, and what the model loses by it alone.
struct EncodingOption: Sendable {
  /// Nil for the parameter as it is.
  var choice: EncodingChoice?
  var bytes: Int
  /// The squared error of the model's outputs over their squares, when no other parameter changes.
  var loss = 0.0

  var name: String { choice?.name ?? "as it is" }

  func apply(to parameters: inout Parameters, _ name: String) {
    guard let recipe = parameters.recipes[name] else { return }
    switch choice {
    case nil: break
    case .scheme(let scheme): parameters.schemes[name] = scheme.name
    case .type(let dtype):
      parameters.recipes[name] = .cast(recipe, to: dtype)
      parameters.schemes[name] = nil
    }
  }
}
