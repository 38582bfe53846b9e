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

  /// The same recipe over stored tensors of other names.
  public func renamingSources(_ name: (String) -> String) -> Recipe {
    func all(_ parts: [Recipe]) -> [Recipe] { parts.map { $0.renamingSources(name) } }
    func new(_ recipe: Recipe) -> Recipe { recipe.renamingSources(name) }
    switch self {
    case .source(let old, let dtype, let shape):
      return .source(name: name(old), dtype: dtype, shape: shape)
    case .transpose(let inner): return .transpose(new(inner))
    case .reshape(let inner, let shape): return .reshape(new(inner), shape: shape)
    case .rows(let inner, let from, let count): return .rows(new(inner), from: from, count: count)
    case .concat(let parts): return .concat(all(parts))
    case .cast(let inner, let type): return .cast(new(inner), to: type)
    case .component(let inner, let scheme, let index):
      return .component(new(inner), scheme: scheme, index: index)
    case .decode(let scheme, let shape, let parts):
      return .decode(scheme: scheme, shape: shape, components: all(parts))
    case .product(let left, let right): return .product(new(left), new(right))
    case .addingRow(let inner, let row): return .addingRow(new(inner), row: new(row))
    case .ungrouped(let inner): return .ungrouped(new(inner))
    case .mean(let parts): return .mean(all(parts))
    case .combination(let parts, let weights, let type):
      return .combination(all(parts), weights: weights, as: type)
    case .scalingRows(let inner, let lengths):
      return .scalingRows(new(inner), lengths: new(lengths))
    case .picking(let inner, let rows): return .picking(new(inner), rows: rows)
    case .computed(let values):
      return .computed(
        ComputedValues(values.values, shape: values.shape, sources: values.sources.map(name)))
    case .chosen(let it):
      return .chosen(
        ChosenBytes(
          it.bytes, dtype: it.dtype, shape: it.shape, sources: it.sources.map(name)))
    case .finite(let inner): return .finite(new(inner))
    case .weighing(let inner, let importance): return .weighing(new(inner), importance: importance)
    case .permute(let inner, let axes): return .permute(new(inner), axes: axes)
    case .negate(let inner): return .negate(new(inner))
    case .add(let inner, let number): return .add(new(inner), number)
    case .identity, .zeros, .ones: return self
    }
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
