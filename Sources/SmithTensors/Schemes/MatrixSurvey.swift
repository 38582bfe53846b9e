import SmithBytes

/// What a scheme must know of a whole matrix before its first row can be encoded: gathered from rows in order, a slab at a time.
public struct MatrixSurvey: Hashable, Sendable {
  /// The range of the values and 0.
  public private(set) var range: ClosedRange<Float> = 0...0
  /// Consecutive values of a row whose largest magnitude is kept; 0 where none is.
  public let block: Int
  /// The largest magnitude of each block, row after row.
  public private(set) var peaks: [Float] = []

  public init(block: Int = 0) { self.block = block }

  /// The next rows of `columns` values; `.refused` for one that is not finite.
  public mutating func add(
    _ rows: Span<Float>, columns: Int, firstRow: Int
  ) throws(SmithError) {
    var (low, high) = (range.lowerBound, range.upperBound)
    for index in rows.indices {
      let value = rows[index]
      guard value.isFinite else {
        throw SmithError(
          .refused, "row \(firstRow + index / max(1, columns)) has a value that is not finite")
      }
      low = min(low, value)
      high = max(high, value)
    }
    range = low...high
    if block > 0 { addPeaks(rows) }
  }

  private mutating func addPeaks(_ rows: Span<Float>) {
    peaks.reserveCapacity(peaks.count + rows.count / block)
    for first in stride(from: 0, to: rows.count, by: block) {
      var peak: Float = 0
      for index in first..<min(first + block, rows.count) { peak = max(peak, abs(rows[index])) }
      peaks.append(peak)
    }
  }
}
