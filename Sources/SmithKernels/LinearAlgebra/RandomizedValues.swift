import SmithBytes

extension SingularValues {
  /// The largest singular values and their vectors from a randomized block Krylov space (Golub & Underwood 1977; Musco & Musco 2015; models
  /// §14.3): MᵀM is applied to seeded signs, each image put at right angles to all before it, until a quarter more of them adds less
  /// than 1e-8 of the square that is left. The same bits on every run and for any number of workers.
  ///
  /// - Parameters:
  ///   - matrix: M [rows, columns], row-major.
  ///   - rows: m.
  ///   - columns: n, at most m.
  ///   - rank: How many are wanted.
  ///   - workers: Threads.
  /// - Returns: The values asked for and some more; nil where a space of half the width does not hold them: all of them are as little work then.
  public static func largest(
    of matrix: [Float], rows: Int, columns: Int, rank: Int, workers: Workers
  ) -> SingularValues? {
    precondition(matrix.count == rows * columns && columns <= rows)
    var space = KrylovSpace(matrix, rows: rows, columns: columns, workers: workers)
    var (kept, next) = (0.0, min(columns / 2, rank + 2 * KrylovSpace.block))
    while next <= columns / 2, next >= rank {
      while space.size < next { space.extend() }
      let (values, vectors) = space.largest(rank)
      let now = values.reduce(0, +)
      if now - kept <= 1e-8 * max(0, space.energy - now) {
        return SingularValues(
          rows: rows, columns: columns, values: values.map { $0.squareRoot() }, right: vectors,
          energy: space.energy, workers: workers)
      }
      kept = now
      next = max(next + KrylovSpace.block, next * 5 / 4)
    }
    return nil
  }
}

/// An orthonormal basis, as rows [size, n], of what MᵀM makes of a first block of rows.
private struct KrylovSpace {
  static let block = 16

  let matrix: [Float]
  let rows: Int
  let columns: Int
  let compute: Compute<CKernelsBackend<Double>>
  /// ‖M‖².
  let energy: Double
  private var basis: [Double] = []
  /// MᵀM times the basis, [size, n].
  private var images: [Double] = []

  private static let slab = 2048

  init(_ matrix: [Float], rows: Int, columns: Int, workers: Workers) {
    (self.matrix, self.rows, self.columns) = (matrix, rows, columns)
    compute = Compute(backend: Backends.reference, workers: workers)
    energy = matrix.reduce(0) { $0 + Double($1) * Double($1) }
  }

  var size: Int { basis.count / columns }

  /// One block more: the images of the last, or the seeded start.
  mutating func extend() {
    var random = SplitMix64(seed: 0)
    let count = Self.block * columns
    let start =
      images.isEmpty
      ? (0..<count).map { _ in random.next() & 1 == 0 ? 1.0 : -1 } : Array(images.suffix(count))
    let rows = orthonormal(start)
    basis += rows
    images += image(of: rows)
  }

  /// σ² of M in the space and their right vectors, largest first (Rayleigh and Ritz).
  func largest(_ rank: Int) -> (values: [Double], vectors: [Double]) {
    let square = compute.product(
      basis, images.transposed(rows: size, columns: columns), inner: columns, columns: size)
    let eigen = SymmetricEigen(square, size: size)
    var vectors = compute.product(
      Array(eigen.vectors.prefix(rank * size)), basis, inner: size, columns: columns)
    for row in 0..<rank {
      let range = (row * columns)..<((row + 1) * columns)
      // The entry of largest magnitude is positive, as those of all other vectors are.
      let largest = vectors[range].max { $0.magnitude < $1.magnitude } ?? 0
      if largest < 0 { for index in range { vectors[index] = -vectors[index] } }
    }
    return (eigen.values.prefix(rank).map { max(0, $0) }, vectors)
  }

  /// MᵀM times each row, M taken some rows at a time.
  private func image(of vectors: [Double]) -> [Double] {
    let count = vectors.count / columns
    let right = Linear(
      vectors, bias: nil, inputs: columns, outputs: count, backend: compute.backend)
    var result = [Double](repeating: 0, count: vectors.count)
    for start in stride(from: 0, to: rows, by: Self.slab) {
      let height = min(rows, start + Self.slab) - start
      let part = matrix[(start * columns)..<((start + height) * columns)].map(Double.init)
      let left = compute.linear(part, right).transposed(rows: height, columns: count)
      let product = compute.product(left, part, inner: height, columns: columns)
      for (index, value) in product.enumerated() { result[index] += value }
    }
    return result
  }

  /// Rows of length 1 at right angles to the basis and each other: Gram and Schmidt's way, twice, which is as good as Householder's.
  /// A row of which nothing but rounding is left becomes zeros, which stand for no direction.
  private func orthonormal(_ vectors: [Double]) -> [Double] {
    var result = vectors
    let count = vectors.count / columns
    for row in 0..<count { normalize(&result, row, least: 0) }
    for _ in 0..<2 {
      if size > 0 {
        let turned = Linear(
          basis, bias: nil, inputs: columns, outputs: size, backend: compute.backend)
        let shares = compute.linear(result, turned)
        let product = compute.product(shares, basis, inner: size, columns: columns)
        for (index, value) in product.enumerated() { result[index] -= value }
      }
      for row in 0..<count {
        for other in 0..<row { subtract(&result, other, from: row) }
        normalize(&result, row, least: 1e-10)
      }
    }
    return result
  }

  private func subtract(_ a: inout [Double], _ other: Int, from row: Int) {
    let (base, start, columns) = (row * columns, other * columns, columns)
    a.withUnsafeMutableBufferPointer { a in
      var dot = 0.0
      for k in 0..<columns { dot += a[base + k] * a[start + k] }
      for k in 0..<columns { a[base + k] -= dot * a[start + k] }
    }
  }

  private func normalize(_ a: inout [Double], _ row: Int, least: Double) {
    let (base, columns) = (row * columns, columns)
    a.withUnsafeMutableBufferPointer { a in
      var square = 0.0
      for k in 0..<columns { square += a[base + k] * a[base + k] }
      let length = square.squareRoot()
      let factor = length > least ? 1 / length : 0
      for k in 0..<columns { a[base + k] *= factor }
    }
  }
}
