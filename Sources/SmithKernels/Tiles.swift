import SmithBytes

extension Compute {
  /// Rows that one worker takes at a time where every row is cheap.
  private var rowsPerChunk: Int { 32 }

  /// Row tiles run fastest, so that all workers share the weights they read.
  func forEachTile(
    rows: Int, columns: Int, _ body: @Sendable (Range<Int>, Range<Int>) -> Void
  ) {
    let tile = backend.tile(rows: rows)
    let down = parts(of: rows, size: tile.rows)
    workers.run(down * parts(of: columns, size: tile.columns)) { index in
      body(
        part(index % down, of: rows, size: tile.rows),
        part(index / down, of: columns, size: tile.columns))
    }
  }

  func forEachChunk(of rows: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let size = rowsPerChunk
    workers.run(parts(of: rows, size: size)) { body(part($0, of: rows, size: size)) }
  }

  /// A new array [rows, columns] whose elements `body` writes, all of them.
  func filled(
    rows: Int, columns: Int, _ body: (MutableMatrixView<Scalar>) -> Void
  ) -> [Scalar] {
    [Scalar](unsafeUninitializedCapacity: rows * columns) { buffer, count in
      count = rows * columns
      guard let base = buffer.baseAddress, count > 0 else { return }
      body(MutableMatrixView(base, rows: rows, columns: columns, stride: columns))
    }
  }
}

extension Array where Element: KernelScalar {
  /// Lends the array as a matrix of `columns` columns.
  func withView(columns: Int, _ body: (MatrixView<Element>) -> Void) {
    withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress, columns > 0 else { return }
      body(MatrixView(base, rows: buffer.count / columns, columns: columns, stride: columns))
    }
  }
}

extension Optional {
  /// Lends the array, if there is one, as a matrix of one row.
  func withView<Scalar: KernelScalar>(_ body: (MatrixView<Scalar>?) -> Void)
  where Wrapped == [Scalar] {
    guard let array = self else { return body(nil) }
    array.withView(columns: array.count, body)
  }
}

extension LayerNorm {
  /// The layer norm of `rows` rows of x + residual.
  func apply(
    to x: UnsafePointer<Scalar>, plus residual: UnsafePointer<Scalar>?, rows: Int,
    into out: UnsafeMutablePointer<Scalar>
  ) {
    weight.withUnsafeBufferPointer { gamma in
      bias.withUnsafeBufferPointer { beta in
        Scalar.kernels.layerNorm(
          x, residual, rows, weight.count, gamma.baseAddress, beta.baseAddress, epsilon, out)
      }
    }
  }
}
