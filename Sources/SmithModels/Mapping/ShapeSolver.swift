import SmithBytes

/// Solves a family's sizes from the shapes of its parameters, and reports every shape that contradicts another.
struct ShapeSolver {
  /// The value of each dimension and the parameter that said it first.
  private(set) var known: [Dimension: (value: Int, said: String)] = [:]
  private(set) var conflicts: [String] = []

  /// Takes the canonical shape of one parameter into account.
  mutating func add(_ parameter: String, shape: [Int], dimensions: [Dimension]) {
    guard shape.count == dimensions.count else {
      conflicts.append("\(parameter): shape \(shape), expected \(dimensions.count) dimensions")
      return
    }
    for (value, dimension) in zip(shape, dimensions) {
      if value <= 0 {
        conflicts.append("\(parameter): shape \(shape) has an empty dimension")
        return
      }
      if case .exactly(let wanted) = dimension {
        if value == wanted { continue }
        conflicts.append("\(parameter): shape \(shape), expected \(expected(dimensions))")
        return
      }
      guard let before = known[dimension] else {
        known[dimension] = (value, parameter)
        continue
      }
      if before.value != value {
        conflicts.append(
          "\(parameter): shape \(shape), expected \(expected(dimensions)) as in \(before.said)")
        return
      }
    }
  }

  /// Notes what is wrong with a parameter besides its shape.
  mutating func refuse(_ parameter: String, _ reason: String) {
    conflicts.append("\(parameter): \(reason)")
  }

  func size(_ size: Size) -> Int? { known[.size(size)]?.value }

  /// The parameter that decided a size.
  func source(of size: Size) -> String? { known[.size(size)]?.said }

  private func expected(_ dimensions: [Dimension]) -> [Int] {
    dimensions.map { dimension in
      if case .exactly(let value) = dimension { value } else { known[dimension]?.value ?? 0 }
    }
  }
}
