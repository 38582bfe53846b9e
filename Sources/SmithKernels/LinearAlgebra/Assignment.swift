/// The assignment of n rows to n columns of smallest total cost: shortest augmenting paths with potentials (Jonker & Volgenant 1987), O(n³).
public enum Assignment {
  /// - Parameters:
  ///   - costs: [size, size], row-major, finite.
  ///   - size: n.
  /// - Returns: For each row its column.
  public static func solve(_ costs: [Double], size: Int) -> [Int] {
    precondition(costs.count == size * size)
    // Row and column 0 stand for "none yet"; the rest is counted from 1.
    var rowPotential = [Double](repeating: 0, count: size + 1)
    var columnPotential = rowPotential
    var rowOf = [Int](repeating: 0, count: size + 1)
    for row in stride(from: 1, through: size, by: 1) {
      rowOf[0] = row
      let path = augmentingPath(costs, size, rowOf, &rowPotential, &columnPotential)
      var column = path.end
      while column != 0 {
        rowOf[column] = rowOf[path.before[column]]
        column = path.before[column]
      }
    }
    var result = [Int](repeating: 0, count: size)
    for column in stride(from: 1, through: size, by: 1) { result[rowOf[column] - 1] = column - 1 }
    return result
  }

  /// The cheapest way from the row in `rowOf[0]` to a free column, and the potentials that keep all reduced costs at least 0.
  private static func augmentingPath(
    _ costs: [Double], _ size: Int, _ rowOf: [Int], _ rows: inout [Double],
    _ columns: inout [Double]
  ) -> (end: Int, before: [Int]) {
    var before = [Int](repeating: 0, count: size + 1)
    var distance = [Double](repeating: .infinity, count: size + 1)
    var visited = [Bool](repeating: false, count: size + 1)
    var column = 0
    repeat {
      visited[column] = true
      let row = rowOf[column]
      var (step, next) = (Double.infinity, 0)
      for other in stride(from: 1, through: size, by: 1) where !visited[other] {
        let cost = costs[(row - 1) * size + other - 1] - rows[row] - columns[other]
        if cost < distance[other] {
          distance[other] = cost
          before[other] = column
        }
        if distance[other] < step { (step, next) = (distance[other], other) }
      }
      for other in 0...size {
        if visited[other] {
          rows[rowOf[other]] += step
          columns[other] -= step
        } else {
          distance[other] -= step
        }
      }
      column = next
    } while rowOf[column] != 0
    return (column, before)
  }
}
