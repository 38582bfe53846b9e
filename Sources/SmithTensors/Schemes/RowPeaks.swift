import SmithBytes

/// `int8-channel-peak`: one byte per weight, and for each row its largest magnitude in place of a scale, as bitsandbytes stores them
/// (formats §11.1): code = w · 127 / peak rounded half to even, weight = code · peak / 127, rounded twice.
///
/// The components are the codes i8 and `_peak` f32 [.., rows, 1]. Only that layout asks for it; everywhere else `int8-channel` is the same
/// with one rounding less.
public struct RowPeaks: QuantizationScheme {
  public let name = "int8-channel-peak"

  public init() {}

  public func components(shape: [Int]) throws(SmithError) -> [SchemeComponent] {
    _ = try matrix(shape)
    return [
      SchemeComponent(suffix: "", dtype: .i8, shape: shape),
      SchemeComponent(suffix: "_peak", dtype: .f32, shape: shape.dropLast() + [1]),
    ]
  }

  public func encode(
    _ rows: Span<Float>, columns: Int, firstRow: Int, into components: inout [[UInt8]]
  ) throws(SmithError) {
    let count = try self.rows(of: rows.count, columns: columns, components)
    var peaks: [Float] = []
    for row in 0..<count {
      var peak: Float = 0
      for column in 0..<columns {
        let value = rows[row * columns + column]
        guard value.isFinite else {
          throw SmithError(.refused, "row \(firstRow + row) has a value that is not finite")
        }
        peak = max(peak, value.magnitude)
      }
      peaks.append(peak)
      for column in 0..<columns {
        components[0][row * columns + column] = Self.code(rows[row * columns + column], peak)
      }
    }
    components[1] = peaks.bytes
  }

  public func decode(
    _ components: [[UInt8]], columns: Int, into rows: inout MutableSpan<Float>
  ) throws(SmithError) {
    let count = try self.rows(of: rows.count, columns: columns, components)
    let peaks = try [Float](converting: components[1], from: .f32)
    for row in 0..<count {
      for place in (row * columns)..<((row + 1) * columns) {
        rows[place] = Float(Int8(bitPattern: components[0][place])) * peaks[row] / 127
      }
    }
  }

  public var hasByteRows: Bool { true }

  public func byteRows(_ components: [[UInt8]], shape: [Int]) throws(SmithError) -> ByteRows? {
    let (rows, columns) = try matrix(shape)
    try check(components, rows: rows, columns: columns)
    return ByteRows(
      codes: components[0].map { Int8(bitPattern: $0) },
      scales: try [Float](converting: components[1], from: .f32).map { $0 / 127 })
  }

  /// A row of zeros has the codes 0.
  private static func code(_ weight: Float, _ peak: Float) -> UInt8 {
    guard peak > 0 else { return 0 }
    let whole = (weight * 127 / peak).rounded(.toNearestOrEven)
    // A product beyond the range of f32: the other order has none.
    let held = whole.isFinite ? whole : (weight / peak * 127).rounded(.toNearestOrEven)
    return UInt8(bitPattern: Int8(max(-127, min(127, held))))
  }
}
