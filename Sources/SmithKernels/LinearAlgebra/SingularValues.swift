import SmithBytes

/// The singular value decomposition of a tall matrix M [m, n], m ≥ n, by the eigenvectors of MᵀM in f64 (models §14.3): right vectors and
/// values; left vectors follow by one product. The same bits on every run and for any number of workers.
///
/// A value below about √ε·σ₁ = 1.5e-8·σ₁ is lost in the squares: far below what f32 weights hold.
public struct SingularValues: MatrixDecomposition {
  public let rows: Int
  public let columns: Int
  /// σ, largest first; all of them, or as many as were asked for and a few more.
  public let values: [Double]
  /// Σσ² of all there are, which is the square of M's Frobenius norm.
  public let energy: Double
  /// V as rows [*, n]: row i belongs to value i.
  public let right: [Double]
  private let compute: Compute<CKernelsBackend<Double>>

  /// Rows that are taken at a time, so that memory in f64 follows them and not the matrix.
  private static let block = 2048

  /// - Parameters:
  ///   - matrix: M [rows, columns], row-major.
  ///   - rows: m.
  ///   - columns: n, at most m.
  ///   - workers: Threads.
  public init(of matrix: [Float], rows: Int, columns: Int, workers: Workers) {
    precondition(matrix.count == rows * columns && columns <= rows)
    self.rows = rows
    self.columns = columns
    compute = Compute(backend: Backends.reference, workers: workers)
    var gram = [Double](repeating: 0, count: columns * columns)
    for start in stride(from: 0, to: rows, by: Self.block) {
      let range = start..<min(rows, start + Self.block)
      let part = Self.transposed(matrix, rows: range, columns: columns)
      let product = Linear(
        part, bias: nil, inputs: range.count, outputs: columns, backend: compute.backend)
      for (index, value) in compute.linear(part, product).enumerated() { gram[index] += value }
    }
    let eigen = SymmetricEigen(gram, size: columns)
    values = eigen.values.map { max(0, $0).squareRoot() }
    right = eigen.vectors
    energy = values.reduce(0) { $0 + $1 * $1 }
  }

  init(
    rows: Int, columns: Int, values: [Double], right: [Double], energy: Double, workers: Workers
  ) {
    (self.rows, self.columns, self.values) = (rows, columns, values)
    (self.right, self.energy) = (right, energy)
    compute = Compute(backend: Backends.reference, workers: workers)
  }

  /// √(Σ_{i ≥ rank} σ²). Where only the largest are known, by what they leave of the whole.
  public func error(rank: Int) -> Double {
    if values.count < columns {
      return max(0, values.prefix(rank).reduce(energy) { $0 - $1 * $1 }).squareRoot()
    }
    return values.dropFirst(rank).reversed().reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// M ≈ A·B with A [m, rank] and B [rank, n], balanced: AᵀA = BBᵀ = Σ, so that both quantize alike.
  public func factors(of matrix: [Float], rank: Int) -> (left: [Float], right: [Float]) {
    let roots = values.prefix(rank).map { $0.squareRoot() }
    let basis = Array(right.prefix(rank * columns))
    let projection = Linear(
      basis, bias: nil, inputs: columns, outputs: rank, backend: compute.backend)
    var left: [Float] = []
    left.reserveCapacity(rows * rank)
    for start in stride(from: 0, to: rows, by: Self.block) {
      let end = min(rows, start + Self.block)
      let part = matrix[(start * columns)..<(end * columns)].map(Double.init)
      for (index, value) in compute.linear(part, projection).enumerated() {
        let root = roots[index % rank]
        left.append(Float(root > 0 ? value / root : 0))
      }
    }
    let scaled = basis.indices.map { Float(basis[$0] * roots[$0 / columns]) }
    return (left, scaled)
  }

  /// ‖M − A·B‖ in the Frobenius norm, of factors as they are stored.
  public func error(
    of matrix: [Float], left: [Float], right: [Float], rank: Int
  ) -> Double {
    // B as [n, rank]: what `Linear` multiplies by.
    let weights = (0..<(columns * rank)).map { Double(right[$0 % rank * columns + $0 / rank]) }
    let product = Linear(
      weights, bias: nil, inputs: rank, outputs: columns, backend: compute.backend)
    var square = 0.0
    for start in stride(from: 0, to: rows, by: Self.block) {
      let end = min(rows, start + Self.block)
      let part = left[(start * rank)..<(end * rank)].map(Double.init)
      let base = start * columns
      for (index, value) in compute.linear(part, product).enumerated() {
        let error = Double(matrix[base + index]) - value
        square += error * error
      }
    }
    return square.squareRoot()
  }

  private static func transposed(
    _ matrix: [Float], rows: Range<Int>, columns: Int
  ) -> [Double] {
    var result = [Double](repeating: 0, count: rows.count * columns)
    for (slot, row) in rows.enumerated() {
      for column in 0..<columns {
        result[column * rows.count + slot] = Double(matrix[row * columns + column])
      }
    }
    return result
  }
}
