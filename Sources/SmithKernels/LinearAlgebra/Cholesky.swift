/// The Cholesky factor of a symmetric positive definite matrix, in f64: A = L·Lᵀ (Golub & Van Loan, §4.2).
public struct Cholesky: Sendable {
  public let size: Int
  /// L [size, size], row-major; zeros above the diagonal.
  public private(set) var lower: [Double]

  /// `matrix` [size, size] is read in its lower half. Nil where it is not positive definite to the precision of f64.
  public init?(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size)
    self.size = size
    lower = matrix
    let isDefinite = lower.withUnsafeMutableBufferPointer { a in
      for row in 0..<size {
        for column in 0...row {
          var sum = a[row * size + column]
          for k in 0..<column { sum -= a[row * size + k] * a[column * size + k] }
          if row == column {
            guard sum > 0, sum.isFinite else { return false }
            a[row * size + row] = sum.squareRoot()
          } else {
            a[row * size + column] = sum / a[column * size + column]
          }
        }
        for column in (row + 1)..<max(row + 1, size) { a[row * size + column] = 0 }
      }
      return true
    }
    guard isDefinite else { return nil }
  }

  /// X with A·X = B, B and X [size, columns], row-major.
  public func solving(_ right: [Double], columns: Int) -> [Double] {
    precondition(right.count == size * columns)
    var x = right
    x.withUnsafeMutableBufferPointer { x in
      for row in 0..<size {
        for k in 0..<row { subtract(lower[row * size + k], k, from: row, columns, x) }
        divide(row, columns, x)
      }
      for row in (0..<size).reversed() {
        for k in (row + 1)..<max(row + 1, size) {
          subtract(lower[k * size + row], k, from: row, columns, x)
        }
        divide(row, columns, x)
      }
    }
    return x
  }

  private func subtract(
    _ factor: Double, _ other: Int, from row: Int, _ columns: Int,
    _ x: UnsafeMutableBufferPointer<Double>
  ) {
    if factor == 0 { return }
    let (own, base) = (row * columns, other * columns)
    for column in 0..<columns { x[own + column] -= factor * x[base + column] }
  }

  private func divide(_ row: Int, _ columns: Int, _ x: UnsafeMutableBufferPointer<Double>) {
    let factor = 1 / lower[row * size + row]
    for column in (row * columns)..<((row + 1) * columns) { x[column] *= factor }
  }
}
