import SmithBytes
import SmithTensors

/// Computes what recipes describe, a range of rows at a time, so that memory follows the slab and not the tensor.
///
/// It keeps the last matrix it had to compute whole (a transpose asks for it slab after slab). Making one lists the source's tensors:
/// work on many tensors makes one and copies it, which costs nothing.
public struct RecipeEvaluator: Sendable {
  /// What its casts did to the values, by the type they were cast to: kept where a result is, and not otherwise (nil).
  public var casts: [DType: CastRange]?
  /// Whether a finite number too large for the type of a cast becomes the largest there is, and not an infinity.
  public var saturates = false
  /// Whether the stored tensor of the recipe will be asked for from its first row to its last: its checksum is then taken on the way.
  public var readsInOrder = false
  private let source: any TensorSource
  private let tensors: [String: TensorInfo]
  private var kept: (recipe: Recipe, bytes: [UInt8])?
  /// The last right-hand side of a product, which every slab of rows needs.
  var factor: (recipe: Recipe, values: [Float])?
  /// The scheme of the last matrix that had to be surveyed before any of its rows could be encoded.
  var surveyed: Surveyed?
  private var verified: Set<String> = []
  private var running: RunningChecksum?

  public init(source: any TensorSource) {
    self.source = source
    self.tensors = Dictionary(
      source.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The whole tensor, little endian, in the recipe's element type.
  public mutating func bytes(_ recipe: Recipe) throws(SmithError) -> [UInt8] {
    try bytes(recipe, rows: 0..<recipe.rowCount)
  }

  /// The whole tensor as f32.
  public mutating func floats(_ recipe: Recipe) throws(SmithError) -> [Float] {
    try floats(recipe, rows: 0..<recipe.rowCount)
  }

  public mutating func floats(_ recipe: Recipe, rows: Range<Int>) throws(SmithError) -> [Float] {
    switch recipe {
    case .source(let name, .f32, _):
      return try read(name, rows: rows, of: recipe) { tensor, offset, source throws(SmithError) in
        try [Float](count: rows.count * recipe.rowBytes / 4) { span throws(SmithError) in
          try source.read(tensor, at: offset, into: &span)
        }
      }
    case .weighing(let inner, _): return try floats(inner, rows: rows)
    default: return try [Float](converting: bytes(recipe, rows: rows), from: recipe.dtype)
    }
  }

  /// Rows along the first dimension; a scalar has one.
  public mutating func bytes(_ recipe: Recipe, rows: Range<Int>) throws(SmithError) -> [UInt8] {
    switch recipe {
    case .source(let name, _, _): return try stored(name, rows: rows, of: recipe)
    case .transpose(let inner): return try transposed(inner, rows: rows)
    case .reshape(let inner, _): return try reshaped(inner, to: recipe, rows: rows)
    case .rows(let inner, let from, _):
      return try bytes(inner, rows: (from + rows.lowerBound)..<(from + rows.upperBound))
    case .concat(let parts): return try joined(parts, rows: rows)
    case .cast(let inner, let type):
      do throws(SmithError) {
        return try cast(try bytes(inner, rows: rows), from: inner.dtype, to: type)
      } catch { throw error.at(item: inner.sources.first) }
    case .component(let inner, let scheme, let index):
      return try encoded(inner, scheme: scheme, index: index, rows: rows)
    case .decode(let scheme, let shape, let components):
      return try decoded(scheme, shape: shape, components: components, rows: rows)
    case .product(let left, let right):
      return try product(left, right, rows: rows).littleEndianBytes
    case .addingRow(let matrix, let row):
      return try adding(row, to: matrix, rows: rows).littleEndianBytes
    case .ungrouped(let kernel): return try ungrouped(kernel, rows: rows).littleEndianBytes
    case .mean(let parts): return try mean(parts, rows: rows).littleEndianBytes
    case .combination(_, _, let type):
      return try doubles(recipe, rows: rows).littleEndianBytes(as: type, &self)
    case .scalingRows: return try doubles(recipe, rows: rows).littleEndianBytes(as: .f64, &self)
    case .picking(let inner, let order): return try picked(order[rows], of: inner)
    case .computed(let computed):
      let width = recipe.rowBytes / 4
      return Array(computed.values[(rows.lowerBound * width)..<(rows.upperBound * width)])
        .littleEndianBytes
    case .chosen(let chosen):
      let width = recipe.rowBytes
      return Array(chosen.bytes[(rows.lowerBound * width)..<(rows.upperBound * width)])
    case .permute(let inner, let axes): return try permuted(inner, axes, rows: rows)
    case .weighing(let inner, _): return try bytes(inner, rows: rows)
    case .negate(let inner): return try mapped(inner, rows: rows, { -$0 }, { -$0 })
    case .add(let inner, let number):
      return try mapped(inner, rows: rows, { $0 + Float(number) }, { $0 + number })
    case .finite(let inner): return try finite(inner, rows: rows).littleEndianBytes
    case .identity(let size):
      var values = [Float](repeating: 0, count: rows.count * size)
      for (index, row) in rows.enumerated() { values[index * size + row] = 1 }
      return values.littleEndianBytes
    case .zeros: return [UInt8](repeating: 0, count: rows.count * recipe.rowBytes)
    case .ones:
      return [Float](repeating: 1, count: rows.count * recipe.rowBytes / 4).littleEndianBytes
    }
  }

  private func info(_ name: String) throws(SmithError) -> TensorInfo {
    guard let tensor = tensors[name] else {
      throw SmithError(
        .missing, "the plan needs a tensor that the source lacks",
        at: Place(file: source.files.first, item: name))
    }
    return tensor
  }

  private mutating func stored(
    _ name: String, rows: Range<Int>, of recipe: Recipe
  ) throws(SmithError) -> [UInt8] {
    if rows.count == recipe.rowCount { return try source.bytes(try info(name)) }
    return try read(name, rows: rows, of: recipe) { tensor, offset, source throws(SmithError) in
      try [UInt8](count: rows.count * recipe.rowBytes) { span throws(SmithError) in
        try source.read(tensor, at: offset, into: &span)
      }
    }
  }

  /// Rows of a stored tensor as `make` reads them, with its checksum where not all are read at once.
  private mutating func read<Element: BitwiseCopyable>(
    _ name: String, rows: Range<Int>, of recipe: Recipe,
    _ make: (TensorInfo, _ offset: Int, any TensorSource) throws(SmithError) -> [Element]
  ) throws(SmithError) -> [Element] {
    let tensor = try info(name)
    let offset = rows.lowerBound * recipe.rowBytes
    if rows.count == recipe.rowCount { return try make(tensor, offset, source) }
    if verified.insert(name).inserted {
      running = readsInOrder ? try source.runningChecksum(tensor) : nil
      if running == nil { try source.verifyChecksum(tensor) }
    }
    let values = try make(tensor, offset, source)
    running?.update(values.span.bytes)
    if rows.upperBound == recipe.rowCount { try running?.finish() }
    return values
  }

  /// Rows of the transpose are columns of the matrix, whose rows are all needed: it is computed once and kept until its last column.
  private mutating func transposed(_ inner: Recipe, rows: Range<Int>) throws(SmithError) -> [UInt8]
  {
    let (height, width) = (inner.shape[0], inner.shape[1])
    let element = inner.dtype.width
    let data = try whole(inner)
    guard !rows.isEmpty, height > 0 else { return [] }
    if rows.upperBound == width { kept = nil }
    let first = rows.lowerBound * element
    let last = ((height - 1) * width + rows.upperBound) * element
    return try [UInt8](count: height * rows.count * element) { span throws(SmithError) in
      try Transpose.apply(
        source: data.span.bytes.extracting(first..<last), rows: height, columns: rows.count,
        elementBytes: element, sourceStride: width * element, into: &span)
    }
  }

  /// Gives back what `whole` keeps.
  mutating func letGo() { kept = nil }

  /// All bytes of a matrix, computed once while the same one is asked for.
  mutating func whole(_ matrix: Recipe) throws(SmithError) -> [UInt8] {
    if let kept, kept.recipe == matrix { return kept.bytes }
    let data = try bytes(matrix)
    kept = (matrix, data)
    return data
  }

  mutating func cast(
    _ data: [UInt8], from: DType, to type: DType
  ) throws(SmithError) -> [UInt8] {
    var made = try [UInt8](count: data.count / max(1, from.width) * type.width) {
      span throws(SmithError) in
      try ElementConversion.convert(data.span.bytes, from: from, into: &span, to: type)
    }
    if casts != nil {
      var range = casts?[type] ?? CastRange(to: type)
      try range.add(data, from: from, converted: made)
      casts?[type] = range
    }
    if saturates { ElementConversion.saturate(&made, to: type, of: data, from: from) }
    return made
  }

  private mutating func reshaped(
    _ inner: Recipe, to outer: Recipe, rows: Range<Int>
  ) throws(SmithError) -> [UInt8] {
    if rows.count == outer.rowCount { return try bytes(inner) }
    let all = try bytes(inner)
    return Array(all[(rows.lowerBound * outer.rowBytes)..<(rows.upperBound * outer.rowBytes)])
  }

  private mutating func joined(_ parts: [Recipe], rows: Range<Int>) throws(SmithError) -> [UInt8] {
    var result: [UInt8] = []
    var start = 0
    for part in parts {
      let wanted = rows.clamped(to: start..<(start + part.rowCount))
      if !wanted.isEmpty {
        result += try bytes(part, rows: (wanted.lowerBound - start)..<(wanted.upperBound - start))
      }
      start += part.rowCount
    }
    return result
  }
}

extension Recipe {
  /// Rows along the first dimension; 1 for a scalar.
  public var rowCount: Int { shape.first ?? 1 }

  /// Bytes of one row; 0 where the tensor has no elements, whatever its other dimensions claim.
  public var rowBytes: Int {
    shape.contains(0) ? 0 : shape.dropFirst().reduce(1, &*) * dtype.bits / 8
  }

  public var byteCount: Int { rowCount * rowBytes }

  /// The most bytes that a row takes on its way: of an encoded matrix those of its numbers.
  public var workingRowBytes: Int {
    if case .component(let inner, _, _) = self { return max(rowBytes, inner.rowBytes) }
    return rowBytes
  }

  /// Whether its rows in order need the stored tensor's bytes in order, each once.
  public var isStreamed: Bool {
    switch self {
    case .source, .cast(.source, _): true
    case .weighing(let inner, _): inner.isStreamed
    // A scheme that must know the whole matrix reads it twice.
    case .component(let inner, let scheme, _):
      inner.isStreamed && Schemes.named(scheme)?.survey == nil
    default: false
    }
  }

  /// The same bytes as one long vector, which can be cut anywhere: what is only copied or cast needs no memory for its longest row.
  /// Types of less than a byte are copied as the bytes they share.
  public var streamed: Recipe {
    let count = shape.contains(0) ? 0 : shape.reduce(1, &*)
    switch self {
    case .source(let name, let dtype, _):
      return .source(
        name: name, dtype: .u8,
        shape: [dtype.width > 0 ? count * dtype.width : count * dtype.bits / 8])
    case .cast(.source(let name, let dtype, _), let type) where dtype.width > 0:
      return .cast(.source(name: name, dtype: dtype, shape: [count]), to: type)
    default: return self
    }
  }
}

extension [Float] {
  var littleEndianBytes: [UInt8] {
    withUnsafeBytes { Array<UInt8>($0) }
  }
}
