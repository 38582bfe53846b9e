import SmithBytes

/// The upper triangular U with UᵀU = H⁻¹ for a symmetric positive definite H, in f64 and the same bits for any number of workers.
///
/// H⁻¹ is never formed: with H = R·Rᵀ and R upper triangular (Cholesky's method from the last column on), U is R⁻¹. Both go by blocks, so
/// that nearly all of the work is matrix products (Golub & Van Loan, Matrix Computations, §4.2.9).
public struct InverseFactor: Sendable {
  public let size: Int
  /// U [size, size], row-major, zeros below the diagonal.
  public private(set) var values: [Double]

  private static let block = 64

  /// Nil where `matrix` [size, size] is not positive definite, or not finite.
  public init?(_ matrix: [Double], size: Int, workers: Workers = .all) {
    precondition(matrix.count == size * size)
    self.size = size
    values = matrix
    let isDefinite = values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return true }
      let work = TriangularWork(
        matrix: MutableMatrixView(base, rows: size, columns: size, stride: size), workers: workers)
      let blocks = (0..<parts(of: size, size: Self.block)).map {
        part($0, of: size, size: Self.block)
      }
      for columns in blocks.reversed() { guard work.factor(columns) else { return false } }
      for rows in blocks.reversed() { work.invert(rows) }
      return true
    }
    if !isDefinite { return nil }
  }
}

/// The two steps for one block, in place.
private struct TriangularWork {
  let matrix: MutableMatrixView<Double>
  let workers: Workers
  private let backend = Backends.reference

  /// Rows or columns that one worker takes at a time.
  private static let chunk = 96

  init(matrix: MutableMatrixView<Double>, workers: Workers) {
    self.matrix = matrix
    self.workers = workers
  }

  private var size: Int { matrix.columns }

  private func row(_ index: Int) -> UnsafeMutablePointer<Double> {
    matrix.base + index * matrix.stride
  }

  /// Columns of R, those to the right being done; false where a pivot is not positive.
  func factor(_ columns: Range<Int>) -> Bool {
    let later = columns.upperBound..<size
    forEachChunk(of: columns.upperBound) { rows in
      subtract(rows, columns, later)
    }
    for j in columns.reversed() {
      let pivot = row(j)[j]
      guard pivot > 0, pivot.isFinite else { return false }
      row(j)[j] = pivot.squareRoot()
      for i in columns.lowerBound..<j { row(i)[j] /= row(j)[j] }
      for i in columns.lowerBound..<j {
        // Only what the block's own later pivots need: on and above the diagonal.
        for k in i..<j { row(i)[k] -= row(i)[j] * row(k)[j] }
      }
      // What stands below the diagonal is never read.
      for i in (j + 1)..<max(j + 1, size) { row(i)[j] = 0 }
    }
    forEachChunk(of: columns.lowerBound) { rows in
      for i in rows { solve(row(i), columns) }
    }
    return true
  }

  /// x·R⁻ᵀ for one row x of a block of columns.
  private func solve(_ x: UnsafeMutablePointer<Double>, _ columns: Range<Int>) {
    for j in columns.reversed() {
      var sum = x[j]
      for k in (j + 1)..<max(j + 1, columns.upperBound) { sum -= x[k] * row(j)[k] }
      x[j] = sum / row(j)[j]
    }
  }

  /// A[rows, columns] -= A[rows, inner] · A[columns, inner]ᵀ
  private func subtract(_ rows: Range<Int>, _ columns: Range<Int>, _ inner: Range<Int>) {
    guard !inner.isEmpty else { return }
    withProduct(rows.count, columns.count) { product in
      backend.multiply(
        matrix.slice(rows: rows, columns: inner).view,
        by: matrix.slice(rows: columns, columns: inner).view, transposed: true, into: product)
      for (index, i) in rows.enumerated() {
        for (place, j) in columns.enumerated() {
          row(i)[j] -= product.base[index * product.stride + place]
        }
      }
    }
  }

  /// Rows of U in place of those of R, the rows below being done.
  func invert(_ rows: Range<Int>) {
    let own = rows.map { i in rows.map { row(i)[$0] } }
    let later = rows.upperBound..<size
    if !later.isEmpty {
      let left = rows.map { i in later.map { row(i)[$0] } }.flatMap { $0 }
      left.withView(columns: later.count) { left in
        forEachChunk(of: later.count) { part in
          let columns = part.lowerBound + later.lowerBound..<part.upperBound + later.lowerBound
          let into = matrix.slice(rows: rows, columns: columns)
          backend.multiply(
            left, by: matrix.slice(rows: later, columns: columns).view, transposed: false,
            into: into)
        }
      }
    }
    for i in rows {
      for j in rows { row(i)[j] = i == j ? 1 : 0 }
      for j in later { row(i)[j] = -row(i)[j] }
    }
    for (index, i) in rows.enumerated().reversed() {
      for (place, k) in rows.enumerated() where k > i {
        for j in k..<size { row(i)[j] -= own[index][place] * row(k)[j] }
      }
      for j in i..<size { row(i)[j] /= own[index][index] }
    }
  }

  private func withProduct(_ rows: Int, _ columns: Int, _ body: (MutableMatrixView<Double>) -> Void)
  {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: rows * columns) { buffer in
      guard let base = buffer.baseAddress else { return }
      body(MutableMatrixView(base, rows: rows, columns: columns, stride: columns))
    }
  }

  private func forEachChunk(of count: Int, _ body: @Sendable (Range<Int>) -> Void) {
    workers.run(parts(of: count, size: Self.chunk)) {
      body(part($0, of: count, size: Self.chunk))
    }
  }
}
