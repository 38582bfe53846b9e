import CHDF5
import SmithBytes
import SmithTensors

/// Reads element ranges of one chunked dataset: each chunk that is touched is decoded once, one at a time.
struct HDF5ChunkReader {
  let file: HDF5File
  let dataset: HDF5Dataset
  let chunking: HDF5Chunking
  let index: HDF5ChunkIndex

  /// Fills `span` with the elements `range`, little endian; its length is theirs.
  func read(_ range: Range<Int>, into span: inout MutableRawSpan) throws(SmithError) {
    if range.isEmpty { return }
    var missing: [UInt8]?
    var chunks = HDF5Odometer(chunking.chunks(holding: range))
    while !chunks.isDone {
      let coordinates = chunks.current
      if let decoded = try decoded(coordinates) {
        scatter(decoded, coordinates, range, into: &span)
      } else {
        let fill = missing ?? filled()
        missing = fill
        scatter(fill, coordinates, range, into: &span)
      }
      chunks.advance()
    }
  }

  /// One chunk's elements, nil where it was never written.
  private func decoded(_ coordinates: [Int]) throws(SmithError) -> [UInt8]? {
    let stored: [UInt8]
    var mask: UInt32
    let place: Int?
    switch index {
    case .table(let table):
      guard let entry = table[chunking.number(of: coordinates)] else { return nil }
      stored = try file.raw.bytes(entry.offset..<(entry.offset + entry.size))
      (mask, place) = (entry.mask, entry.offset)
    case .byCoordinates:
      guard let fetched = try fetch(coordinates) else { return nil }
      (stored, mask, place) = (fetched.bytes, fetched.mask, nil)
    }
    if chunking.leavesPartialUnfiltered, chunking.isPartial(coordinates) { mask = .max }
    do throws(SmithError) {
      var bytes = try HDF5Filter.undo(
        chunking.filters, mask: mask, on: stored, count: chunking.chunkBytes)
      HDF5Bytes.reverse(&bytes, each: dataset.type.swapWidth)
      return bytes
    } catch { throw error.at(offset: place) }
  }

  /// The stored bytes of a chunk, through the library.
  private func fetch(
    _ coordinates: [Int]
  ) throws(SmithError) -> (bytes: [UInt8], mask: UInt32)? {
    let origin = coordinates.indices.map { hsize_t(coordinates[$0] * chunking.chunk[$0]) }
    return try file.use { (id) throws(SmithError) -> (bytes: [UInt8], mask: UInt32)? in
      let handle = try HDF5Walk.open(dataset.info.name, in: id)
      var size: hsize_t = 0
      guard H5Dget_chunk_storage_size(handle.id, origin, &size) >= 0, size > 0 else { return nil }
      guard size <= chunking.chunkBytes + chunking.chunkBytes / 8 + 1024, size <= file.raw.count
      else { throw SmithError(.malformed, "\(size) bytes for a chunk of \(chunking.chunkBytes)") }
      var bytes = [UInt8](repeating: 0, count: Int(size))
      var mask: UInt32 = 0
      guard H5Dread_chunk(handle.id, hid_t(H5P_DEFAULT), origin, &mask, &bytes) >= 0 else {
        throw HDF5Library.failure("a chunk that cannot be read")
      }
      return (bytes, mask)
    }
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
  ) {
    let (shape, chunk, size) = (chunking.shape, chunking.chunk, chunking.elementSize)
    let last = shape.count - 1
    let origin = coordinates.indices.map { coordinates[$0] * chunk[$0] }
    let extent = coordinates.indices.map { min(chunk[$0], shape[$0] - origin[$0]) }
    var rows = HDF5Odometer(extent.dropLast().map { 0..<$0 })
    while !rows.isDone {
      var (target, source) = (0, 0)
      for axis in 0..<last {
        target = target * shape[axis] + origin[axis] + rows.current[axis]
        source = source * chunk[axis] + rows.current[axis]
      }
      let start = target * shape[last] + origin[last]
      let wanted = (start..<(start + extent[last])).clamped(to: range)
      if !wanted.isEmpty {
        let from = (source * chunk[last] + wanted.lowerBound - start) * size
        HDF5Bytes.copy(
          bytes, from..<(from + wanted.count * size), into: &span,
          at: (wanted.lowerBound - range.lowerBound) * size)
      }
      rows.advance()
    }
  }
}
