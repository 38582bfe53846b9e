/// What a layout step does to shapes and recipes, in both directions.
extension Rule.Step {
  /// More groups than any kernel has (16): a dense matrix is that many times the file's bytes.
  private static let mostGroups = 64

  /// The single steps, the stored tensor's first.
  var parts: [Rule.Step] {
    switch self {
    case .copy: []
    case .chain(let steps): steps.flatMap(\.parts)
    default: [self]
    }
  }

  /// Whether there is an inverse, so that models can be written.
  var isWritten: Bool {
    !parts.contains { [.ungroup, .headOutputs, .headInputs, .headBias].contains($0) }
  }

  /// How many attention heads a stored tensor of this shape shows; nil for other steps and shapes.
  func heads(in shape: [Int]) -> Int? {
    guard fits(shape) else { return nil }
    switch self {
    case .headOutputs: return shape[1]
    case .headInputs, .headBias: return shape[0]
    default: return nil
    }
  }

  /// Whether the stored tensor holds other parameters too.
  var isPart: Bool { partCount > 1 }

  /// How many parameters the stored tensor holds.
  var partCount: Int {
    parts.reduce(1) { count, step in
      if case .part(_, let more) = step { count * more } else { count }
    }
  }

  /// Whether a stored tensor of this shape can be meant: tells tables apart that differ in nothing but layout.
  func fits(_ shape: [Int]) -> Bool {
    switch self {
    case .copy, .negate, .add: return true
    case .transpose: return shape.count == 2
    case .part(_, let count): return (shape.first ?? 0) % count == 0
    case .ungroup: return shape.count == 3 && !shape.contains(0) && shape[2] <= Self.mostGroups
    case .headOutputs, .headInputs: return shape.count == 3 && shape.multipliedOut != nil
    case .headBias: return shape.count == 2 && shape.multipliedOut != nil
    case .squeeze: return shape.count > 1 && shape[0] == 1
    case .permute(let axes): return shape.count == axes.count
    case .belowZeros(let rows): return (shape.first ?? 0) > rows
    case .chain(let steps):
      var shape = shape
      for step in steps {
        guard step.fits(shape) else { return false }
        shape = step.canonicalShape(of: shape)
      }
      return true
    }
  }

  /// The canonical shape of a stored one that fits.
  private func canonicalShape(of shape: [Int]) -> [Int] {
    switch self {
    case .copy, .negate, .add: shape
    case .transpose: shape.reversed()
    case .part(_, let count): [shape[0] / count] + shape.dropFirst()
    case .ungroup: [shape[1] * shape[2], shape[0] * shape[2]]
    case .headOutputs: [shape[1] * shape[2], shape[0]]
    case .headInputs: [shape[2], shape[0] * shape[1]]
    case .headBias: [shape[0] * shape[1]]
    case .squeeze: Array(shape.dropFirst())
    case .permute(let axes): axes.map { shape[$0] }
    case .belowZeros(let rows): [shape[0] - rows] + shape.dropFirst()
    case .chain(let steps): steps.reduce(shape) { $1.canonicalShape(of: $0) }
    }
  }

  /// The stored shape of a canonical one. Of a grouped kernel there are several: that with one group; of one with its heads apart that
  /// with as many.
  func storedShape(of shape: [Int], heads: Int = 1) -> [Int] {
    switch self {
    case .headOutputs where shape.count == 2: [shape[1], heads, shape[0] / heads]
    case .headInputs where shape.count == 2: [heads, shape[1] / heads, shape[0]]
    case .headBias where shape.count == 1: [heads, shape[0] / heads]
    case .headOutputs, .headInputs, .headBias: shape
    case .copy, .negate, .add: shape
    case .transpose: shape.reversed()
    case .part(_, let count): [(shape.first ?? 0) * count] + shape.dropFirst()
    case .ungroup: shape.reversed() + [1]
    case .squeeze: [1] + shape
    case .permute(let axes): axes.indices.map { axis in shape[axes.firstIndex(of: axis) ?? axis] }
    case .belowZeros(let rows): [(shape.first ?? 0) + rows] + shape.dropFirst()
    case .chain(let steps): steps.reversed().reduce(shape) { $1.storedShape(of: $0, heads: heads) }
    }
  }

  /// The canonical recipe of a stored tensor; where the shape does not fit, the tensor as it is, whose shape shows it.
  func reading(_ stored: Recipe) -> Recipe {
    guard fits(stored.shape) else { return stored }
    switch self {
    case .copy: return stored
    case .transpose: return stored.transposed
    case .part(let index, let count):
      let rows = stored.rowCount / count
      return .rows(stored, from: index * rows, count: rows)
    case .ungroup: return .ungrouped(stored)
    case .headOutputs:
      let shape = stored.shape
      return .transpose(.reshape(stored, shape: [shape[0], shape[1] * shape[2]]))
    case .headInputs:
      let shape = stored.shape
      return .transpose(.reshape(stored, shape: [shape[0] * shape[1], shape[2]]))
    case .headBias: return .reshape(stored, shape: [stored.shape[0] * stored.shape[1]])
    case .squeeze: return stored.reshaped(to: Array(stored.shape.dropFirst()))
    case .permute(let axes): return stored.permuted(axes)
    case .belowZeros(let rows):
      return .rows(stored, from: rows, count: stored.rowCount - rows)
    case .negate: return stored.negated
    case .add(let number): return stored.adding(number)
    case .chain(let steps): return steps.reduce(stored) { $1.reading($0) }
    }
  }

  /// The stored recipe of a canonical tensor, of a part its own rows; nil where the step is never written.
  func writing(_ canonical: Recipe) -> Recipe? {
    switch self {
    case .copy, .part: return canonical
    case .transpose: return canonical.transposed
    case .ungroup, .headOutputs, .headInputs, .headBias: return nil
    case .squeeze: return canonical.reshaped(to: [1] + canonical.shape)
    case .permute(let axes):
      return canonical.permuted(axes.indices.map { axis in axes.firstIndex(of: axis) ?? axis })
    case .belowZeros(let rows): return canonical.belowZeros(rows)
    case .negate: return canonical.negated
    case .add(let number): return canonical.adding(-number)
    case .chain(let steps):
      return steps.reversed().reduce(Optional(canonical)) { made, step in
        made.flatMap { step.writing($0) }
      }
    }
  }

  /// The rows above the parameter that stand for padding, as they are stored: nil where the step leaves nothing out, or does not fit.
  func leftOut(of stored: Recipe) -> Recipe? {
    var stored = stored
    for step in parts {
      guard step.fits(stored.shape) else { return nil }
      if case .belowZeros(let rows) = step { return .rows(stored, from: 0, count: rows) }
      stored = step.reading(stored)
    }
    return nil
  }
}

/// The stored tensors of an output while their parts come in, one parameter after the other.
struct StoredParts {
  private typealias Piece = (steps: ArraySlice<Rule.Step>, recipe: Recipe)
  private var pieces: [String: [Piece]] = [:]

  /// Takes in one parameter of a stored tensor; the tensor's recipe when it was the last. Nil also where a step is never written.
  mutating func add(_ recipe: Recipe, to stored: String, by step: Rule.Step) -> Recipe? {
    var all = pieces[stored] ?? []
    all.append((step.parts[...], recipe))
    guard all.count == step.partCount else {
      pieces[stored] = all
      return nil
    }
    pieces[stored] = nil
    return Self.joined(all)
  }

  /// The name of a tensor that misses a part.
  var incomplete: String? { pieces.keys.min() }

  /// Undoes the first step last: pieces that it split are joined, in their order, once each is whole.
  private static func joined(_ pieces: [Piece]) -> Recipe? {
    guard let first = pieces.first else { return nil }
    guard let step = first.steps.first else { return pieces.count == 1 ? first.recipe : nil }
    if case .part(_, let count) = step {
      let parts = (0..<count).map { index in
        joined(
          pieces.filter { $0.steps.first == .part(index, of: count) }
            .map { ($0.steps.dropFirst(), $0.recipe) })
      }
      let whole = parts.compactMap { $0 }
      return whole.count == count ? .joining(whole) : nil
    }
    guard pieces.allSatisfy({ $0.steps.first == step }) else { return nil }
    return joined(pieces.map { ($0.steps.dropFirst(), $0.recipe) }).flatMap { step.writing($0) }
  }
}

extension Rule {
  /// The number that the stored tensor has on top of the parameter; nil for none.
  public var added: Float? {
    for step in step.parts { if case .add(let number) = step { return Float(-number) } }
    return nil
  }
}
