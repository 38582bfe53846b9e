/// Singular values of a matrix, and the best matrices of lower rank that follow from them.
public protocol MatrixDecomposition: Sendable {
  var rows: Int { get }
  var columns: Int { get }
  /// σ, largest first.
  var values: [Double] { get }
  /// A [m, rank] and B [rank, n] with A·B the best matrix of that rank, as f32.
  func factors(of matrix: [Float], rank: Int) -> (left: [Float], right: [Float])
  /// What factors as they are stored are off by.
  func error(of matrix: [Float], left: [Float], right: [Float], rank: Int) -> Double
  /// Σσ² of all there are.
  var energy: Double { get }
  /// √(Σ_{i ≥ rank} σ²): what the best matrix of that rank is off by (Eckart & Young 1936).
  func error(rank: Int) -> Double
}

extension MatrixDecomposition {
  public var energy: Double { values.reduce(0) { $0 + $1 * $1 } }

  public func error(rank: Int) -> Double {
    values.dropFirst(rank).reversed().reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// The smallest rank that keeps this share of the energy.
  public func rank(energy share: Double) -> Int {
    var kept = 0.0
    let wanted = share * energy
    for (index, value) in values.enumerated() {
      kept += value * value
      if kept >= wanted { return index + 1 }
    }
    return max(1, values.count)
  }
}

extension Compute where Backend.Scalar == Double {
  /// A·B, A [m, inner] and B [inner, columns], row-major.
  func product(_ a: [Double], _ b: [Double], inner: Int, columns: Int) -> [Double] {
    let turned = b.transposed(rows: inner, columns: columns)
    return linear(
      a, Linear(turned, bias: nil, inputs: inner, outputs: columns, backend: backend))
  }
}

extension [Double] {
  /// A matrix [rows, columns] as [columns, rows].
  func transposed(rows: Int, columns: Int) -> [Double] {
    precondition(count == rows * columns)
    var result = [Double](repeating: 0, count: count)
    result.withUnsafeMutableBufferPointer { result in
      withUnsafeBufferPointer { values in
        for row in 0..<rows {
          for column in 0..<columns { result[column * rows + row] = values[row * columns + column] }
        }
      }
    }
    return result
  }
}
