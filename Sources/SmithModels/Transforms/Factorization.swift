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
  /// How much each row of the word table counts, as the tokens' frequencies; nil for all alike.
  public var rowWeights: [Double]?
  /// Σ x·xᵀ [n, n] of what a matrix [m, n] multiplies, by its name; what has none counts alike in all directions.
  public var grams: [String: [Double]] = [:]

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
        "parameter", "shape", "method", "rank", "energy", "error", "optimum", "relative", "before",
        "after",
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
    let weights = name == Self.word ? rowWeights : nil
    if let weights, weights.count != m {
      throw SmithError(
        .mismatch, "\(weights.count) counts for \(m) tokens", at: Place(item: name))
    }
    let isWeighted = weights != nil || grams[name] != nil
    // All but the weighted norm look at the matrix with its long side down.
    let isTurned = n > m && !isWeighted
    let tall = isTurned ? values.transposed(rows: m, columns: n) : values
    let (rows, columns) = isTurned ? (n, m) : (m, n)
    let (found, method) =
      isWeighted
      ? (
        WeightedDecomposition(
          of: tall, rows: rows, columns: columns, rowWeights: weights, gram: grams[name],
          workers: workers), "weighted"
      ) : decomposed(tall, rows, columns)
    let rank = try chosen(found, name)
    var (left, right) = found.factors(of: tall, rank: rank)
    let error = found.error(of: tall, left: left, right: right, rank: rank)
    if isTurned {
      (left, right) = (
        right.transposed(rows: rank, columns: m), left.transposed(rows: n, columns: rank)
      )
    }
    let optimum = found.error(rank: rank)
    let total = found.energy
    let kept = total > 0 ? 1 - optimum * optimum / total : 1
    let relative = total > 0 ? error / total.squareRoot() : 0
    return Found(
      left: ComputedValues(left, shape: [m, rank], sources: matrix.sources),
      right: ComputedValues(right, shape: [rank, n], sources: matrix.sources),
      row: [
        .text(name), .text("\(m)×\(n)"), .text(method), .count(rank), .number(kept),
        .number(error), .number(optimum), .number(relative), .count(m * n), .count((m + n) * rank),
      ])
  }

  /// All singular values, or only the largest where that is less work: a small rank of a wide matrix.
  private func decomposed(
    _ matrix: [Float], _ rows: Int, _ columns: Int
  ) -> (any MatrixDecomposition, String) {
    if case .exactly(let rank) = rank, (1...max(1, columns / 32)).contains(rank),
      columns >= Self.leastRandomizedWidth,
      let largest = SingularValues.largest(
        of: matrix, rows: rows, columns: columns, rank: rank, workers: workers)
    {
      return (largest, "randomized")
    }
    return (SingularValues(of: matrix, rows: rows, columns: columns, workers: workers), "exact")
  }

  /// Below it all values take seconds.
  private static let leastRandomizedWidth = 2048

  private func chosen(
    _ decomposition: any MatrixDecomposition, _ name: String
  ) throws(SmithError) -> Int {
    switch rank {
    case .energy(let share): return decomposition.rank(energy: share)
    case .exactly(let rank):
      let (rows, columns) = (decomposition.rows, decomposition.columns)
      let most = min(rows, columns)
      guard (1...max(1, most)).contains(rank) else {
        throw SmithError(
          .usage, "rank \(rank): \(name) is \(rows)×\(columns)",
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
