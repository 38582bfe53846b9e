import SmithBytes
import SmithModels
import SmithTensors
import Synchronization

/// Range and moments of a tensor's values, in double precision, and how many are not numbers.
public struct TensorStatistics: Hashable, Sendable {
  public private(set) var count = 0
  public private(set) var nonFinite = 0
  public private(set) var zeros = 0
  public private(set) var minimum = Double.infinity
  public private(set) var maximum = -Double.infinity
  private var sum = 0.0
  private var squares = 0.0

  /// Reads the tensor once; nil for text and other types that are no numbers.
  static func of(
    _ recipe: Recipe?, _ evaluator: RecipeEvaluator
  ) throws(SmithError) -> TensorStatistics? {
    guard let recipe, ElementConversion.isSupported(from: recipe.dtype, to: .f32) else {
      return nil
    }
    var statistics = TensorStatistics()
    var evaluator = evaluator
    for rows in Slabs(recipe) { statistics.add(try evaluator.floats(recipe, rows: rows)) }
    return statistics
  }

  private mutating func add(_ values: [Float]) {
    for value in values {
      guard value.isFinite else {
        nonFinite += 1
        continue
      }
      let wide = Double(value)
      minimum = min(minimum, wide)
      maximum = max(maximum, wide)
      sum += wide
      squares += wide * wide
      if value == 0 { zeros += 1 }
    }
    count += values.count
  }

  public var mean: Double { finite == 0 ? 0 : sum / Double(finite) }

  /// The standard deviation over the finite values (divided by n).
  public var deviation: Double {
    finite == 0 ? 0 : max(0, squares / Double(finite) - mean * mean).squareRoot()
  }

  private var finite: Int { count - nonFinite }

  public var json: JSON {
    [
      "min": .number(finite == 0 ? 0 : minimum), "max": .number(finite == 0 ? 0 : maximum),
      "mean": .number(mean), "std": .number(deviation), "zeros": .integer(zeros),
      "nonFinite": .integer(nonFinite),
    ]
  }
}

extension Checkpoint {
  /// The statistics of the given tensors by name; text and other types without numbers are left out.
  public func statistics(
    of tensors: [TensorInfo], workers: Workers = .all
  ) throws(SmithError) -> [String:
    TensorStatistics]
  {
    let recipes = try stored()
    let evaluator = RecipeEvaluator(source: source)
    let found = Mutex<[String: TensorStatistics]>([:])
    try workers.forEach(tensors.count) { index throws(SmithError) in
      let tensor = tensors[index]
      guard let value = try TensorStatistics.of(recipes[tensor.name], evaluator) else { return }
      found.withLock { $0[tensor.name] = value }
    }
    return found.withLock { $0 }
  }
}
