import SmithBytes
import SmithKernels
import SmithTensors

/// Puts the heads and feed-forward neurons of one encoder block into the order of those they are most alike in another. The block computes
/// what it did: its heads are summed and its neurons are too, in whatever order (models §14.2).
public struct BlockAlignment {
  private let headCount: Int
  private let source: any TensorSource
  private let compute: Compute<CKernelsBackend<Double>>

  public init(headCount: Int, source: any TensorSource, workers: Workers) {
    self.headCount = headCount
    self.source = source
    compute = Compute(backend: Backends.reference, workers: workers)
  }

  /// Their costs are a square of f64, which a small file with narrow rows could make of any size: ALBERT xxlarge has 16,384.
  private static let mostNeurons = 20_000

  /// `.refused` where a weight is not finite: nothing could be compared. `.limit` for more neurons than can be matched.
  public func align(
    _ reference: [String: Recipe], _ block: [String: Recipe]
  ) throws(SmithError) -> [String: Recipe] {
    let (old, new) = (Block(reference, source), Block(block, source))
    let heads = Assignment.solve(try headCosts(old, new), size: headCount)
    let width = (block["attention.query.weight"]?.shape.first ?? 0) / max(1, headCount)
    let rows = heads.flatMap { head in (0..<width).map { head * width + $0 } }
    let neuronCount = block["feedForward.up.weight"]?.shape.first ?? 0
    guard neuronCount <= Self.mostNeurons else {
      throw SmithError(
        .limit, "\(neuronCount) feed-forward neurons: at most \(Self.mostNeurons) are matched",
        remedy: "--share mean")
    }
    let neurons = Assignment.solve(try neuronCosts(old, new), size: neuronCount)
    var result = block
    for part in ["query", "key", "value"] {
      result.pick(rows, "attention.\(part).weight", "attention.\(part).bias")
    }
    result.pickColumns(rows, "attention.output.weight")
    result.pick(neurons, "feedForward.up.weight", "feedForward.up.bias")
    result.pickColumns(neurons, "feedForward.down.weight")
    return result
  }

  /// −(⟨QᵀK, Q'ᵀK'⟩ + ⟨OV, O'V'⟩) for each pair of heads, each normed by the block's size: products that no change of a head's own basis
  /// moves.
  private func headCosts(_ old: Block, _ new: Block) throws(SmithError) -> [Double] {
    let scores = try products(
      old.rows("attention.query.weight"), new.rows("attention.query.weight"),
      old.rows("attention.key.weight"), new.rows("attention.key.weight"))
    let outputs = try products(
      old.rows("attention.value.weight"), new.rows("attention.value.weight"),
      old.columns("attention.output.weight"), new.columns("attention.output.weight"))
    return zip(scores.normed, outputs.normed).map { -($0 + $1) }
  }

  /// ⟨AᵀB, A'ᵀB'⟩ of each pair of heads: the sum over their square of (A·A'ᵀ) ∘ (B·B'ᵀ).
  private func products(
    _ a: Rows, _ a2: Rows, _ b: Rows, _ b2: Rows
  ) throws(SmithError) -> [Double] {
    let (p, q) = (gram(a, a2), gram(b, b2))
    let (size, width) = (a.count, a.count / headCount)
    var result = [Double](repeating: 0, count: headCount * headCount)
    for row in 0..<size {
      for column in 0..<size {
        let index = row * size + column
        result[row / width * headCount + column / width] += p[index] * q[index]
      }
    }
    return result
  }

  /// −(f1 row · f1 row' + f2 column · f2 column') for each pair of neurons, biases with the rows.
  private func neuronCosts(_ old: Block, _ new: Block) throws(SmithError) -> [Double] {
    let up = gram(try old.rows("feedForward.up.weight"), try new.rows("feedForward.up.weight"))
    let down = gram(
      try old.columns("feedForward.down.weight"), try new.columns("feedForward.down.weight"))
    let bias = try old.rows("feedForward.up.bias")
    let bias2 = try new.rows("feedForward.up.bias")
    let size = bias.count
    return up.indices.map { index in
      -(up[index] + down[index] + bias.values[index / size] * bias2.values[index % size])
    }
  }

  /// A·A'ᵀ.
  private func gram(_ a: Rows, _ b: Rows) -> [Double] {
    let right = Linear(
      b.values, bias: nil, inputs: b.width, outputs: b.count, backend: compute.backend)
    return compute.linear(a.values, right)
  }
}

/// A matrix in f64, row-major.
private struct Rows {
  var values: [Double]
  var count: Int
  var width: Int
}

/// A block's matrices, read on demand.
private struct Block {
  let recipes: [String: Recipe]
  let evaluator: RecipeEvaluator

  init(_ recipes: [String: Recipe], _ source: any TensorSource) {
    self.recipes = recipes
    evaluator = RecipeEvaluator(source: source)
  }

  func rows(_ name: String) throws(SmithError) -> Rows { try read(recipes[name], name) }

  func columns(_ name: String) throws(SmithError) -> Rows {
    try read(recipes[name]?.transposed, name)
  }

  private func read(_ recipe: Recipe?, _ name: String) throws(SmithError) -> Rows {
    guard let recipe else {
      throw SmithError(
        .unsupported, "blocks of this architecture cannot be aligned", at: Place(item: name),
        remedy: "--share mean")
    }
    var evaluator = evaluator
    let values = try evaluator.floats(recipe)
    guard values.allSatisfy(\.isFinite) else {
      throw SmithError(
        .refused, "holds values that are no finite numbers", at: Place(item: recipe.sources.first))
    }
    let width = recipe.shape.dropFirst().reduce(1, *)
    return Rows(values: values.map(Double.init), count: recipe.rowCount, width: width)
  }
}

extension [String: Recipe] {
  fileprivate mutating func pick(_ rows: [Int], _ names: String...) {
    for name in names { self[name] = self[name].map { .picking($0, rows: rows) } }
  }

  fileprivate mutating func pickColumns(_ columns: [Int], _ name: String) {
    self[name] = self[name].map { Recipe.picking($0.transposed, rows: columns).transposed }
  }
}

extension [Double] {
  /// Divided by the root of their mean square, so that costs of two kinds weigh alike.
  fileprivate var normed: [Double] {
    let scale = (reduce(0) { $0 + $1 * $1 } / Double(Swift.max(1, count))).squareRoot()
    return scale > 0 ? map { $0 / scale } : self
  }
}
