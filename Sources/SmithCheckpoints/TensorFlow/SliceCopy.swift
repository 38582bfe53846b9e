import SmithBytes

/// Copies what slices hold of a range of a tensor's bytes to where it belongs, whatever the slices' own bytes come from.
struct SliceCopy {
  /// Short rows are read many at a time, through a buffer of about this size.
  private static let batchBytes = 256 << 10

  let shape: [Int]
  /// Bytes of an element.
  let width: Int

  /// Fills the part of `span`, which is `range` of the tensor, that the slice `box` holds. `read` fills memory with a range of the
  /// slice's own bytes. No dimension of the slice is 0.
  func copy(
    _ box: SliceBox, _ range: Range<Int>, into span: inout MutableRawSpan,
    read: (Range<Int>, inout MutableRawSpan) throws(SmithError) -> Void
  ) throws(SmithError) {
    let rows = SliceRows(box, in: shape, width: width)
    let wanted = rows.touching(range)
    var row = wanted.lowerBound
    while row < wanted.upperBound {
      let end = min(wanted.upperBound, row + max(1, Self.batchBytes / rows.byteCount))
      if end == row + 1 {
        try copyRow(row, of: rows, range, into: &span, read)
      } else {
        try copyBatch(row..<end, of: rows, range, into: &span, read)
      }
      row = end
    }
  }

  /// One row, straight into place.
  private func copyRow(
    _ row: Int, of rows: SliceRows, _ range: Range<Int>, into span: inout MutableRawSpan,
    _ read: (Range<Int>, inout MutableRawSpan) throws(SmithError) -> Void
  ) throws(SmithError) {
    let start = rows.offset(row)
    let part = (start..<(start + rows.byteCount)).clamped(to: range)
    let shift = row * rows.byteCount - start
    var target = span._mutatingExtracting(
      (part.lowerBound - range.lowerBound)..<(part.upperBound - range.lowerBound))
    try read((part.lowerBound + shift)..<(part.upperBound + shift), &target)
  }

  /// Many short rows: one read, then a copy of each.
  private func copyBatch(
    _ batch: Range<Int>, of rows: SliceRows, _ range: Range<Int>, into span: inout MutableRawSpan,
    _ read: (Range<Int>, inout MutableRawSpan) throws(SmithError) -> Void
  ) throws(SmithError) {
    let base = batch.lowerBound * rows.byteCount
    let bytes = try [UInt8](count: batch.count * rows.byteCount) { buffer throws(SmithError) in
      try read(base..<(base + batch.count * rows.byteCount), &buffer)
    }
    for row in batch {
      let start = rows.offset(row)
      let part = (start..<(start + rows.byteCount)).clamped(to: range)
      let shift = row * rows.byteCount - base - start
      span.copy(
        bytes, (part.lowerBound + shift)..<(part.upperBound + shift),
        to: part.lowerBound - range.lowerBound)
    }
  }
}
