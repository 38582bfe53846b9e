import SmithBytes
import SmithTensors

/// Recipes whose values are kept in f64 until the one rounding at their end.
extension RecipeEvaluator {
  /// Rows in f64: sums as they are before they are rounded, anything else as it is stored.
  public mutating func doubles(_ recipe: Recipe, rows: Range<Int>) throws(SmithError) -> [Double] {
    switch recipe {
    case .product(let left, let right): return try productSums(left, right, rows: rows)
    case .combination(let parts, let weights, _): return try sum(parts, weights, rows: rows)
    case .scalingRows(let inner, let lengths): return try scaled(inner, lengths, rows: rows)
    default: return try [Double](converting: bytes(recipe, rows: rows), from: recipe.dtype)
    }
  }

  private mutating func sum(
    _ parts: [Recipe], _ weights: [Double], rows: Range<Int>
  ) throws(SmithError) -> [Double] {
    var sums: [Double] = []
    for (part, weight) in zip(parts, weights) {
      let values = try doubles(part, rows: rows)
      if sums.isEmpty {
        sums = weight == 1 ? values : values.map { $0 * weight }
        continue
      }
      guard part.shape == parts[0].shape, values.count == sums.count else {
        throw SmithError(
          .mismatch, "shape \(part.shape), \(parts[0].shape) expected",
          at: Place(item: part.sources.first))
      }
      for index in values.indices { sums[index] += values[index] * weight }
    }
    return sums
  }

  private mutating func scaled(
    _ matrix: Recipe, _ lengths: Recipe, rows: Range<Int>
  ) throws(SmithError) -> [Double] {
    var values = try doubles(matrix, rows: rows)
    let wanted = try doubles(lengths, rows: rows)
    guard wanted.count == rows.count, lengths.rowCount == matrix.rowCount else {
      throw SmithError(
        .mismatch, "\(lengths.shape) lengths for the rows of \(matrix.shape)",
        at: Place(item: lengths.sources.first))
    }
    let width = rows.isEmpty ? 0 : values.count / rows.count
    for (slot, length) in wanted.enumerated() {
      let range = (slot * width)..<((slot + 1) * width)
      let own = values[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
      let factor = length / own
      for index in range { values[index] *= factor }
    }
    return values
  }
}

extension [Double] {
  /// Rounded once to the type; a type of less range than f32 is a cast like any other, and counted as one.
  func littleEndianBytes(
    as type: DType, _ evaluator: inout RecipeEvaluator
  ) throws(SmithError) -> [UInt8] {
    let wide = withUnsafeBytes { [UInt8]($0) }
    if type == .f64 { return wide }
    if type.bits < 32 { return try evaluator.cast(wide, from: .f64, to: type) }
    return try [UInt8](count: count * type.width) { span throws(SmithError) in
      try ElementConversion.convert(wide.span.bytes, from: .f64, into: &span, to: type)
    }
  }
}
