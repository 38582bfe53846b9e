import SmithTensors

/// Recipes out of recipes, where a step and its inverse are nothing at all: what comes back to its own layout is the stored tensor again.
extension Recipe {
  /// Tensors one below the other; neighbouring rows of one tensor are that tensor again.
  static func joining(_ parts: [Recipe]) -> Recipe {
    var (next, whole): (Int, Recipe?) = (0, nil)
    for part in parts {
      guard case .rows(let inner, let from, let count) = part, from == next,
        whole == nil || whole == inner
      else { return .concat(parts) }
      (next, whole) = (next + count, inner)
    }
    guard let whole, whole.rowCount == next else { return .concat(parts) }
    return whole
  }

  /// The transpose; two of them are none.
  public var transposed: Recipe {
    if case .transpose(let inner) = self { return inner }
    return .transpose(self)
  }

  /// The same elements under another shape.
  func reshaped(to shape: [Int]) -> Recipe {
    if self.shape == shape { return self }
    if case .reshape(let inner, _) = self { return inner.reshaped(to: shape) }
    return .reshape(self, shape: shape)
  }

  /// Dimension k of the result is dimension `axes[k]` of this.
  func permuted(_ axes: [Int]) -> Recipe {
    if axes == Array(axes.indices) { return self }
    if case .permute(let inner, let own) = self { return inner.permuted(axes.map { own[$0] }) }
    return .permute(self, axes: axes)
  }

  var negated: Recipe {
    if case .negate(let inner) = self { return inner }
    return .negate(self)
  }

  /// Every value plus a number; taking off what was put on leaves the values as they were stored.
  func adding(_ number: Double) -> Recipe {
    if number == 0 { return self }
    if case .add(let inner, let own) = self, own == -number { return inner }
    return .add(self, number)
  }

  /// Below rows of zeros, or below the rows that its stored tensor has there already.
  func belowZeros(_ count: Int) -> Recipe {
    if case .rows(let inner, let from, let rows) = self, from == count,
      rows == inner.rowCount - count
    {
      return inner
    }
    let zeros = Recipe.zeros(shape: [count] + shape.dropFirst())
    return .concat([dtype == .f32 ? zeros : .cast(zeros, to: dtype), self])
  }

  /// Whether a number is added to any of its values.
  var adds: Bool {
    switch self {
    case .add: true
    case .transpose(let inner), .reshape(let inner, _), .rows(let inner, _, _),
      .cast(let inner, _), .permute(let inner, _), .negate(let inner):
      inner.adds
    case .concat(let parts): parts.contains(where: \.adds)
    default: false
    }
  }
}
