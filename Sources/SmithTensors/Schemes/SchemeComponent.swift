import SmithBytes

/// One of the tensors in which a scheme stores a matrix.
public struct SchemeComponent: Hashable, Sendable {
  /// What follows the tensor's own name; empty for the codes.
  public var suffix: String
  public var dtype: DType
  /// [.., rows, elements of one row]; any shape where it is shared.
  public var shape: [Int]
  /// Whether all rows have it in common: a scale of the whole matrix, a table of levels.
  public var isShared: Bool

  public init(suffix: String, dtype: DType, shape: [Int], isShared: Bool = false) {
    self.suffix = suffix
    self.dtype = dtype
    self.shape = shape
    self.isShared = isShared
  }

  /// The bytes of one row; none where it is shared.
  public var rowBytes: Int { isShared ? 0 : (shape.last ?? 0) * dtype.width }

  /// The bytes of `rows` rows, or of all that is shared.
  public func byteCount(rows: Int) throws(SmithError) -> Int {
    isShared
      ? try shape.elementCount().multiplied(checked: dtype.width)
      : try rows.multiplied(checked: rowBytes)
  }
}

/// A matrix of bytes: a weight is the scale of its row times its code.
public struct ByteRows: Sendable {
  /// -127 … 127, row-major.
  public var codes: [Int8]
  /// One for each row.
  public var scales: [Float]

  public init(codes: [Int8], scales: [Float]) {
    self.codes = codes
    self.scales = scales
  }
}
