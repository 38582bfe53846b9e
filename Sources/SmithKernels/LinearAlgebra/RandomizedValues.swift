import SmithBytes

extension SingularValues {
  /// The largest singular values and their vectors by subspace iteration (Halko, Martinsson & Tropp 2011; models §14.3): Q = orth(MᵀM·Q) from
  /// seeded signs, until another round adds less than 1e-8 of the square that is left. Less work than all of them where the rank is a small
  /// part of the width. The same bits on every run and for any number of workers.
  ///
  /// - Parameters:
  ///   - matrix: M [rows, columns], row-major.
  ///   - rows: m.
  ///   - columns: n, at most m.
  ///   - rank: How many are wanted.
  ///   - workers: Threads.
  /// - Returns: The values asked for and a few more; nil where that takes more rounds than computing all of them would cost, since the
  ///   values beside the rank are too near to each other.
  public static func largest(
    of matrix: [Float], rows: Int, columns: Int, rank: Int, workers: Workers
  ) -> SingularValues? {
    precondition(matrix.count == rows * columns && columns <= rows)
    let width = min(columns, rank + max(10, rank / 2))
    var iteration = SubspaceIteration(
      matrix, rows: rows, columns: columns, width: width, workers: workers)
    // Each round costs two products with `width` columns; all values cost one with n, and about 9·n³ for the vectors.
    let whole = Double(rows) * Double(columns) + 9 * Double(columns) * Double(columns)
    let rounds = min(100, Int(whole / (2 * Double(rows) * Double(width))))
    var kept = 0.0
    for _ in 0..<rounds {
      iteration.run()
      let now = iteration.values.prefix(rank).reduce(0, +)
      if now - kept <= 1e-8 * max(0, iteration.energy - now) {
        return SingularValues(
          rows: rows, columns: columns, values: iteration.values.map { $0.squareRoot() },
          right: iteration.basis, energy: iteration.energy, workers: workers)
      }
      kept = now
    }
    return nil
  }
}

/// Q, a basis of the space in which M is largest, as rows [width, n].
private struct SubspaceIteration {
  let matrix: [Float]
  let rows: Int
  let columns: Int
  let width: Int
  let compute: Compute<CKernelsBackend<Double>>
  private(set) var basis: [Double]
  /// σ² of M in the space of the basis before the last step, largest first.
  private(set) var values: [Double] = []
  /// ‖M‖².
  let energy: Double
  private var next: [Double]

  private static let block = 2048

  init(_ matrix: [Float], rows: Int, columns: Int, width: Int, workers: Workers) {
    (self.matrix, self.rows, self.columns, self.width) = (matrix, rows, columns, width)
    compute = Compute(backend: Backends.reference, workers: workers)
    energy = matrix.reduce(0) { $0 + Double($1) * Double($1) }
    var random = SplitMix64(seed: 0)
    next = (0..<(width * columns)).map { _ in random.next() & 1 == 0 ? 1 : -1 }
    basis = next
  }

  /// One round: the values in the space of Q, and MᵀM·Q for the next.
  mutating func run() {
    let q = orthonormal(next)
    var square = [Double](repeating: 0, count: width * width)
    var image = [Double](repeating: 0, count: width * columns)
    for start in stride(from: 0, to: rows, by: Self.block) {
      let count = min(rows, start + Self.block) - start
      let part = matrix[(start * columns)..<((start + count) * columns)].map(Double.init)
      let right = Linear(q, bias: nil, inputs: columns, outputs: width, backend: compute.backend)
      // C = M·Qᵀ [count, width].
      let c = compute.linear(part, right).transposed(rows: count, columns: width)
      let own = Linear(c, bias: nil, inputs: count, outputs: width, backend: compute.backend)
      for (index, value) in compute.linear(c, own).enumerated() { square[index] += value }
      let product = compute.product(c, part, inner: count, columns: columns)
      for (index, value) in product.enumerated() { image[index] += value }
    }
    let eigen = SymmetricEigen(square, size: width)
    values = eigen.values.map { max(0, $0) }
    basis = compute.product(eigen.vectors, q, inner: width, columns: columns)
    next = compute.product(eigen.vectors, image, inner: width, columns: columns)
    for row in 0..<width { fixSign(row) }
  }

  /// The entry of largest magnitude is positive, as those of all other vectors are.
  private mutating func fixSign(_ row: Int) {
    let range = (row * columns)..<((row + 1) * columns)
    let largest = basis[range].max { $0.magnitude < $1.magnitude } ?? 0
    if largest < 0 { for index in range { basis[index] = -basis[index] } }
  }

  /// Rows of length 1 at right angles: Gram and Schmidt's way, twice, which is as good as Householder's.
  private func orthonormal(_ matrix: [Double]) -> [Double] {
    var result = matrix
    result.withUnsafeMutableBufferPointer { a in
      for row in 0..<width {
        let base = row * columns
        for _ in 0..<2 {
          normalize(a, base)
          for other in 0..<row {
            let start = other * columns
            var dot = 0.0
            for k in 0..<columns { dot += a[base + k] * a[start + k] }
            for k in 0..<columns { a[base + k] -= dot * a[start + k] }
          }
        }
        normalize(a, base)
      }
    }
    return result
  }

  private func normalize(_ a: UnsafeMutableBufferPointer<Double>, _ base: Int) {
    var square = 0.0
    for k in 0..<columns { square += a[base + k] * a[base + k] }
    let length = square.squareRoot()
    if length > 0 { for k in 0..<columns { a[base + k] /= length } }
  }
}
