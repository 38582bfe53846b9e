import SmithBytes
import SmithTensors

/// Reads element ranges of one chunked dataset: each chunk that is touched is decoded once, one at a time.
struct HDF5ChunkReader {
  let raw: HDF5Raw
  let dataset: HDF5Dataset
  let chunking: HDF5Chunking
  let index: HDF5ChunkIndex

  /// Fills `span` with the elements `range`, little endian; its length is theirs.
  func read(_ range: Range<Int>, into span: inout MutableRawSpan) throws(SmithError) {
    if range.isEmpty { return }
    var missing: [UInt8]?
    var chunks = Odometer(chunking.grid.chunks(holding: range))
    while !chunks.isDone {
      let coordinates = chunks.current
      if let decoded = try decoded(coordinates) {
        try scatter(decoded, coordinates, range, into: &span)
      } else {
        let fill = missing ?? filled()
        missing = fill
        try scatter(fill, coordinates, range, into: &span)
      }
      chunks.advance()
    }
  }

  /// One chunk's elements, nil where it was never written.
  private func decoded(_ coordinates: [Int]) throws(SmithError) -> [UInt8]? {
    guard let entry = index[chunking.number(of: coordinates)] else { return nil }
    let stored = try raw.bytes(entry.offset..<(entry.offset + Int(entry.size)))
    var mask = entry.mask
    if chunking.leavesPartialUnfiltered, chunking.grid.isPartial(coordinates) { mask = .max }
    do throws(SmithError) {
      var bytes = try HDF5Filter.undo(
        chunking.filters, mask: mask, on: stored, count: chunking.chunkBytes)
      HDF5Bytes.reverse(&bytes, each: dataset.type.swapWidth)
      return bytes
    } catch { throw error.at(offset: entry.offset) }
  }

  private func filled() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: chunking.chunkBytes)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    HDF5Bytes.fill(&raw, with: dataset.fillValue)
    return bytes
  }

  /// Copies the rows of a chunk that lie inside the shape and inside `range`.
  private func scatter(
    _ bytes: [UInt8], _ coordinates: [Int], _ range: Range<Int>, into span: inout MutableRawSpan
  ) throws(SmithError) {
    let size = chunking.elementSize
    try chunking.grid.forEachRun(of: coordinates, in: range) { run throws(SmithError) in
      let from = run.chunkStart * size
      HDF5Bytes.copy(
        bytes, from..<(from + run.elements.count * size), into: &span,
        at: (run.elements.lowerBound - range.lowerBound) * size)
    }
  }
}
