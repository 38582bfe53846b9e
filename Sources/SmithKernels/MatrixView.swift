/// A row-major matrix that someone else keeps alive: how operands reach the C kernels and the worker threads.
///
/// Views exist only inside the kernels of this module; `Compute` makes them from arrays and joins its workers before the
/// arrays can go away.
public struct MatrixView<Scalar>: @unchecked Sendable {
  /// The first element of the first row.
  public let base: UnsafePointer<Scalar>
  public let rows: Int
  public let columns: Int
  /// The distance between rows in elements.
  public let stride: Int

  init(_ base: UnsafePointer<Scalar>, rows: Int, columns: Int, stride: Int) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride
  }

  /// The part where the two ranges meet.
  func slice(rows: Range<Int>, columns: Range<Int>) -> MatrixView {
    MatrixView(
      base + rows.lowerBound * stride + columns.lowerBound, rows: rows.count,
      columns: columns.count, stride: stride)
  }
}

/// A `MatrixView` whose elements may be written. Workers write disjoint parts.
public struct MutableMatrixView<Scalar>: @unchecked Sendable {
  public let base: UnsafeMutablePointer<Scalar>
  public let rows: Int
  public let columns: Int
  public let stride: Int

  init(_ base: UnsafeMutablePointer<Scalar>, rows: Int, columns: Int, stride: Int) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride
  }

  /// The same elements, for reading.
  var view: MatrixView<Scalar> {
    MatrixView(base, rows: rows, columns: columns, stride: stride)
  }

  func slice(rows: Range<Int>, columns: Range<Int>) -> MutableMatrixView {
    MutableMatrixView(
      base + rows.lowerBound * stride + columns.lowerBound, rows: rows.count,
      columns: columns.count, stride: stride)
  }
}

/// Number `index` of the equal parts of `0 ..< count`, the last one shorter.
func part(_ index: Int, of count: Int, size: Int) -> Range<Int> {
  index * size..<min(count, (index + 1) * size)
}

/// How many parts of `size` cover `count`.
func parts(of count: Int, size: Int) -> Int { (count + size - 1) / size }
