import SmithBytes

/// A way to store a matrix in fewer bits: which tensors stand for it, and how rows of numbers become their bytes and come back.
///
/// A scheme works on rows, and each component stores the rows one after the other: a caller encodes any range of rows on any
/// thread, the first rows of a matrix before the last ones are read. One file per scheme, and one line in `Schemes`.
public protocol QuantizationScheme: Sendable {
  /// The name on the command line (`--scheme`): how codes are chosen and stored.
  var name: String { get }

  /// The name of what is stored, whatever chose the codes: in `inspect` and in metadata.
  var storedName: String { get }

  /// What takes a matrix whose rows this scheme cannot hold; nil where such a matrix stays as it is.
  var substitute: (any QuantizationScheme)? { get }

  /// The tensors in which a matrix [.., rows, columns] is stored; the first takes the tensor's own name.
  /// `.unsupported` for a shape that the scheme cannot hold: the caller keeps such a tensor as it is.
  func components(shape: [Int]) throws(SmithError) -> [SchemeComponent]

  /// What must be known of a whole matrix before its first row can be encoded, with nothing in it yet; nil where rows do not depend
  /// on each other.
  var survey: MatrixSurvey? { get }

  /// This scheme for the one matrix that was surveyed: what encodes its rows.
  func surveyed(_ survey: MatrixSurvey) -> any QuantizationScheme

  /// Encodes whole rows of `columns` numbers. `components[i]` must have the bytes of as many rows of component i, of a shared
  /// component all bytes.
  ///
  /// `firstRow` is where they stand in the matrix, for messages. `.refused` for a row with a value that is not finite, or that
  /// the scheme's scales cannot hold; `.mismatch` for buffers of another size.
  func encode(
    _ rows: Span<Float>, columns: Int, firstRow: Int, into components: inout [[UInt8]]
  ) throws(SmithError)

  /// Whether it can be told how much an error in each column counts.
  var takesImportance: Bool { get }

  /// The same with the importance of each column, finite and not negative. `.unsupported` where the scheme takes none, `.mismatch` for
  /// another number of columns.
  func encode(
    _ rows: Span<Float>, columns: Int, firstRow: Int, importance: Span<Float>,
    into components: inout [[UInt8]]
  ) throws(SmithError)

  /// The numbers of whole rows of `columns`, from the same rows' bytes of each component; `.mismatch` as in `encode`.
  func decode(
    _ components: [[UInt8]], columns: Int, into rows: inout MutableSpan<Float>
  ) throws(SmithError)

  /// The same where the first of the rows is row `firstRow` of the matrix, which counts where rows share a component.
  func decode(
    _ components: [[UInt8]], columns: Int, firstRow: Int, into rows: inout MutableSpan<Float>
  ) throws(SmithError)

  /// Whether `byteRows` has an answer.
  var hasByteRows: Bool { get }

  /// A whole matrix as bytes that can be multiplied as they are, from the bytes of each component; nil for a scheme whose codes are no
  /// bytes under one scale per row. `.mismatch` as in `encode`.
  func byteRows(_ components: [[UInt8]], shape: [Int]) throws(SmithError) -> ByteRows?
}

extension QuantizationScheme {
  public var substitute: (any QuantizationScheme)? { nil }
  public var takesImportance: Bool { false }

  public func encode(
    _ rows: Span<Float>, columns: Int, firstRow: Int, importance: Span<Float>,
    into components: inout [[UInt8]]
  ) throws(SmithError) {
    throw SmithError(.unsupported, "\(name) takes no importance of columns")
  }

  public var storedName: String { name }
  public var survey: MatrixSurvey? { nil }
  public func surveyed(_ survey: MatrixSurvey) -> any QuantizationScheme { self }

  public func decode(
    _ components: [[UInt8]], columns: Int, firstRow: Int, into rows: inout MutableSpan<Float>
  ) throws(SmithError) {
    try decode(components, columns: columns, into: &rows)
  }

  public var hasByteRows: Bool { false }

  public func byteRows(_ components: [[UInt8]], shape: [Int]) throws(SmithError) -> ByteRows? {
    nil
  }

  /// This scheme where it holds matrices of that shape, else the first of its substitutes that does; nil where none does.
  public func holding(_ shape: [Int]) -> (any QuantizationScheme)? {
    if (try? components(shape: shape)) != nil { return self }
    return substitute?.holding(shape)
  }
}

extension QuantizationScheme {
  /// A whole matrix at once: the bytes of each component.
  public func encode(_ values: [Float], shape: [Int]) throws(SmithError) -> [[UInt8]] {
    let (rows, columns) = try matrix(shape)
    var parts: [[UInt8]] = []
    for component in try components(shape: shape) {
      parts.append([UInt8](repeating: 0, count: try component.byteCount(rows: rows)))
    }
    var coder: any QuantizationScheme = self
    if var survey {
      try survey.add(values.span, columns: columns, firstRow: 0)
      coder = surveyed(survey)
    }
    try coder.encode(values.span, columns: columns, firstRow: 0, into: &parts)
    return parts
  }

  /// A whole matrix at once, from the bytes of each component.
  public func decode(_ parts: [[UInt8]], shape: [Int]) throws(SmithError) -> [Float] {
    let (rows, columns) = try matrix(shape)
    let count = try rows.multiplied(checked: columns)
    // Before anything of the claimed size is allocated.
    try check(parts, rows: rows, columns: columns)
    var values = [Float](repeating: 0, count: count)
    var span = values.mutableSpan
    try decode(parts, columns: columns, firstRow: 0, into: &span)
    return values
  }

  /// The shape as rows and columns; `.unsupported` for less than two dimensions.
  func matrix(_ shape: [Int]) throws(SmithError) -> (rows: Int, columns: Int) {
    guard shape.count >= 2, let columns = shape.last else {
      throw SmithError(.unsupported, "\(name) stores matrices, not the shape \(shape)")
    }
    _ = try shape.elementCount()
    return (try Array(shape.dropLast()).elementCount(), columns)
  }

  /// That `values` numbers are whole rows, and the buffers are those of as many; returns how many.
  func rows(
    of values: Int, columns: Int, _ parts: [[UInt8]]
  ) throws(SmithError) -> Int {
    guard columns > 0, values % columns == 0 else {
      if columns == 0, values == 0 { return 0 }
      throw SmithError(.mismatch, "\(values) numbers are no whole rows of \(columns)")
    }
    try check(parts, rows: values / columns, columns: columns)
    return values / columns
  }

  func check(_ parts: [[UInt8]], rows: Int, columns: Int) throws(SmithError) {
    let components = try components(shape: [rows, columns])
    for (index, component) in components.enumerated() {
      // What is shared may depend on the rows of the whole matrix, which only the scheme knows how to check.
      let expected = try component.byteCount(rows: rows)
      guard parts.count == components.count,
        component.isShared || parts[index].count == expected
      else {
        throw SmithError(
          .mismatch,
          "\(rows) rows of \(name) take \(components.count) parts, \(expected) bytes "
            + "in part \(index)")
      }
    }
  }
}
