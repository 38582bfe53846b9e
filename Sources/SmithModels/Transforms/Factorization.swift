import SmithBytes
import SmithKernels
import SmithTensors

/// Replaces matrices by the best ones of a lower rank, as two factors (ALBERT §3.1; models §14.3).
public struct Factorization: Sendable {
  /// How much is kept of each matrix.
  public enum Rank: Hashable, Sendable {
    case exactly(Int)
    /// The smallest rank that keeps this share of the squared singular values.
    case energy(Double)
  }

  public var rank: Rank
  public var workers: Workers
  /// Which matrices; the word table by default.
  public var takes: @Sendable (String) -> Bool

  public static let word = "embeddings.word"
  public static let wordMap = "embeddings.wordProjection.weight"

  public init(
    _ rank: Rank, workers: Workers = .all,
    taking takes: @escaping @Sendable (String) -> Bool = { $0 == Factorization.word }
  ) {
    self.rank = rank
    self.workers = workers
    self.takes = takes
  }

  /// `.usage` for a rank that a matrix cannot have and where nothing is taken; `.refused` for weights that are not finite.
  public func applied(
    to parameters: Parameters, _ source: any TensorSource
  ) throws(SmithError) -> Parameters {
    var result = parameters
    var table = Finding(
      "factorization",
      columns: [
        "parameter", "shape", "rank", "energy", "error", "optimum", "relative", "before", "after",
      ])
    var evaluator = RecipeEvaluator(source: source)
    for (name, recipe) in parameters.recipes
    where takes(name) && recipe.shape.count == 2 && !recipe.shape.contains(0)
      && name != Self.wordMap
    {
      var matrix = recipe
      if name == Self.word, let map = parameters.recipes[Self.wordMap] {
        matrix = .product(recipe, map.transposed)
      }
      let found = try factorize(matrix, name, &evaluator)
      table.rows.append(found.row)
      result.schemes[name] = nil
      if name == Self.word {
        split(&result, found)
      } else {
        result.recipes[name] = .product(.computed(found.left), .computed(found.right))
      }
    }
    guard !table.rows.isEmpty else {
      throw SmithError(
        .usage, "no matrix to factorize: the model has none of these names",
        remedy: "--only GLOB with a canonical name such as \(Self.example(parameters))")
    }
    result.findings.append(table)
    return result
  }

  private static func example(_ model: Parameters) -> String {
    model.recipes.first { $0.value.shape.count == 2 }?.key ?? word
  }

  private struct Found {
    var left: ComputedValues
    var right: ComputedValues
    var row: [Finding.Cell]
  }

  /// The word table becomes V×r, and a map r → H of the words alone stands behind it.
  private func split(_ model: inout Parameters, _ found: Found) {
    model.recipes[Self.word] = .computed(found.left)
    model.recipes[Self.wordMap] = Recipe.computed(found.right).transposed
    model.schemes[Self.wordMap] = nil
    model.configuration.parts.insert("wordProjection")
    model.configuration.sizes[.embedding] = found.left.shape[1]
  }

  private func factorize(
    _ matrix: Recipe, _ name: String, _ evaluator: inout RecipeEvaluator
  ) throws(SmithError) -> Found {
    let (m, n) = (matrix.shape[0], matrix.shape[1])
    let values = try evaluator.floats(matrix)
    guard values.allSatisfy(\.isFinite) else {
      throw SmithError(
        .refused, "holds values that are no finite numbers: it cannot be factorized",
        at: Place(item: name))
    }
    let isWide = n > m
    let tall = isWide ? values.transposed(rows: m, columns: n) : values
    let decomposition = SingularValues(
      of: tall, rows: max(m, n), columns: min(m, n), workers: workers)
    let rank = try chosen(decomposition, name)
    var (left, right) = decomposition.factors(of: tall, rank: rank)
    let error = decomposition.error(of: tall, left: left, right: right, rank: rank)
    if isWide {
      (left, right) = (
        right.transposed(rows: rank, columns: m), left.transposed(rows: n, columns: rank)
      )
    }
    let optimum = decomposition.error(rank: rank)
    let total = decomposition.energy
    let kept = total > 0 ? 1 - optimum * optimum / total : 1
    let relative = total > 0 ? error / total.squareRoot() : 0
    return Found(
      left: ComputedValues(left, shape: [m, rank], sources: matrix.sources),
      right: ComputedValues(right, shape: [rank, n], sources: matrix.sources),
      row: [
        .text(name), .text("\(m)×\(n)"), .count(rank), .number(kept), .number(error),
        .number(optimum), .number(relative), .count(m * n), .count((m + n) * rank),
      ])
  }

  private func chosen(
    _ decomposition: SingularValues, _ name: String
  ) throws(SmithError) -> Int {
    switch rank {
    case .energy(let share): return decomposition.rank(energy: share)
    case .exactly(let rank):
      let most = decomposition.columns
      guard (1...max(1, most)).contains(rank) else {
        throw SmithError(
          .usage, "rank \(rank): \(name) is \(decomposition.rows)×\(most)",
          remedy: "1 to \(most)")
      }
      return rank
    }
  }
}

extension [Float] {
  fileprivate func transposed(rows: Int, columns: Int) -> [Float] {
    var result = [Float](repeating: 0, count: count)
    for row in 0..<rows {
      for column in 0..<columns { result[column * rows + row] = self[row * columns + column] }
    }
    return result
  }
}
