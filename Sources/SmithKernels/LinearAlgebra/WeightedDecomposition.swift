import SmithBytes

/// The best factors of a matrix M [m, n] in a weighted norm: of all matrices M' of a rank the one with the least ‖D^½·(M − M')·L‖, D the
/// weights of the rows and L·Lᵀ the Gram matrix of what the columns are multiplied by (models §14.3).
///
/// T = D^½·M·L = U·Σ·Vᵀ gives it as A·B with A = M·L·V·Σ⁻¹ and B = Uᵀ·D^½·M: nothing is divided by a weight, and neither D nor the Gram
/// matrix has to be regular. The same bits on every run and for any number of workers.
public struct WeightedDecomposition: MatrixDecomposition {
  public let rows: Int
  public let columns: Int
  /// σ of T, largest first.
  public let values: [Double]
  /// D^½; nil for equal rows.
  private let rowRoots: [Double]?
  /// M·L [m, n].
  private let turned: [Double]
  /// L [n, n]; nil for the identity.
  private let root: [Double]?
  /// U as rows [k, m] and V as rows [k, n], k = min(m, n).
  private let left: [Double]
  private let right: [Double]
  private let compute: Compute<CKernelsBackend<Double>>

  /// - Parameters:
  ///   - matrix: M [rows, columns], row-major.
  ///   - rows: m.
  ///   - columns: n.
  ///   - rowWeights: m numbers, none negative; nil for equal ones.
  ///   - gram: Σ x·xᵀ [n, n] of the columns' inputs; nil for the identity.
  ///   - workers: Threads.
  public init(
    of matrix: [Float], rows: Int, columns: Int, rowWeights: [Double]? = nil,
    gram: [Double]? = nil, workers: Workers
  ) {
    precondition(matrix.count == rows * columns)
    precondition(rowWeights.map { $0.count == rows && $0.allSatisfy { $0 >= 0 } } ?? true)
    precondition(gram.map { $0.count == columns * columns } ?? true)
    (self.rows, self.columns) = (rows, columns)
    let compute = Compute(backend: Backends.reference, workers: workers)
    self.compute = compute
    rowRoots = rowWeights.map { $0.map { $0.squareRoot() } }
    root = gram.map { Self.root(of: $0, size: columns) }
    let wide = matrix.map(Double.init)
    turned = root.map { compute.product(wide, $0, inner: columns, columns: columns) } ?? wide
    let t = Self.scalingRows(turned, rowRoots, width: columns)
    let transposed = t.transposed(rows: rows, columns: columns)
    let isTall = rows >= columns
    let size = min(rows, columns)
    // The smaller of TᵀT and T·Tᵀ, whose eigenvectors are V or U.
    let square =
      isTall
      ? compute.product(transposed, t, inner: rows, columns: columns)
      : compute.product(t, transposed, inner: columns, columns: rows)
    let eigen = SymmetricEigen(square, size: size)
    values = eigen.values.map { max(0, $0).squareRoot() }
    let found = eigen.vectors
    let images =
      isTall
      ? compute.product(found, transposed, inner: columns, columns: rows)
      : compute.product(found, t, inner: rows, columns: columns)
    let other = Self.dividingRows(images, values, width: isTall ? rows : columns)
    (left, right) = isTall ? (other, found) : (found, other)
  }

  /// L with L·Lᵀ = G: the eigenvectors of G, each times the root of its value.
  private static func root(of gram: [Double], size: Int) -> [Double] {
    let eigen = SymmetricEigen(gram, size: size)
    let roots = eigen.values.map { max(0, $0).squareRoot() }
    let rows = scalingRows(eigen.vectors, roots, width: size)
    return rows.transposed(rows: size, columns: size)
  }

  private static func scalingRows(
    _ matrix: [Double], _ factors: [Double]?, width: Int
  ) -> [Double] {
    guard let factors else { return matrix }
    var result = matrix
    for index in result.indices { result[index] *= factors[index / width] }
    return result
  }

  /// Rows of values that are nothing but rounding become zeros.
  private static func dividingRows(
    _ matrix: [Double], _ values: [Double], width: Int
  ) -> [Double] {
    let least = (values.first ?? 0) * 1e-7
    return scalingRows(matrix, values.map { $0 > least ? 1 / $0 : 0 }, width: width)
  }

  /// M' = A·B with A [m, rank] and B [rank, n], each column of A as long as its row of B.
  public func factors(of matrix: [Float], rank: Int) -> (left: [Float], right: [Float]) {
    let v = Self.dividingRows(
      Array(right.prefix(rank * columns)), Array(values.prefix(rank)), width: columns)
    // Rows of Aᵀ = Σ⁻¹·Vᵀ·(M·L)ᵀ.
    var a = compute.product(
      v, turned.transposed(rows: rows, columns: columns), inner: columns, columns: rows)
    var u = Array(left.prefix(rank * rows))
    if let rowRoots { for index in u.indices { u[index] *= rowRoots[index % rows] } }
    var b = compute.product(u, matrix.map(Double.init), inner: rows, columns: columns)
    for index in 0..<rank {
      let (own, other) = (
        index * rows..<(index + 1) * rows, index * columns..<(index + 1) * columns
      )
      let lengths = (a[own].reduce(0) { $0 + $1 * $1 }, b[other].reduce(0) { $0 + $1 * $1 })
      guard lengths.0 > 0, lengths.1 > 0 else { continue }
      let scale = (lengths.1 / lengths.0).squareRoot().squareRoot()
      for place in own { a[place] *= scale }
      for place in other { b[place] /= scale }
    }
    return (a.transposed(rows: rank, columns: rows).map { Float($0) }, b.map { Float($0) })
  }

  /// ‖D^½·(M − A·B)·L‖ of factors as they are stored.
  public func error(of matrix: [Float], left: [Float], right: [Float], rank: Int) -> Double {
    let product = compute.product(
      left.map(Double.init), right.map(Double.init), inner: rank, columns: columns)
    var difference = zip(matrix, product).map { Double($0) - $1 }
    if let root { difference = compute.product(difference, root, inner: columns, columns: columns) }
    return Self.scalingRows(difference, rowRoots, width: columns)
      .reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
