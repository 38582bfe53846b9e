import CHDF5
import SmithBytes

/// Where the chunks of a dataset are.
struct HDF5ChunkIndex: Hashable, Sendable {
  /// 24 bytes, since there may be millions.
  struct Entry: Hashable, Sendable {
    /// Row-major over the grid of chunks.
    var number: Int
    var offset: Int
    var size: UInt32
    /// Bit i: step i of the pipeline was left out for this chunk.
    var mask: UInt32
  }

  /// By number, rising; a chunk that is not there was never written.
  private(set) var entries: [Entry]

  /// `.malformed` for a number twice.
  init(_ entries: [Entry]) throws(SmithError) {
    self.entries = entries
    if !zip(entries, entries.dropFirst()).allSatisfy({ $0.number < $1.number }) {
      self.entries.sort { $0.number < $1.number }
    }
    for (one, next) in zip(self.entries, self.entries.dropFirst()) where one.number == next.number {
      throw SmithError(.malformed, "two chunks number \(one.number)")
    }
  }

  subscript(number: Int) -> Entry? {
    // Most datasets have all their chunks.
    if number < entries.count, entries[number].number == number { return entries[number] }
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && entries[low].number == number ? entries[low] : nil
  }

  /// Every chunk inside the grid, inside the file, of a plausible size.
  func check(_ chunking: HDF5Chunking, _ raw: HDF5Raw) throws(SmithError) {
    let cells = chunking.cells
    // Deflate grows incompressible data by less than 1 in 1000; a checksum adds 4.
    let largest = chunking.chunkBytes + chunking.chunkBytes / 8 + 1024
    for entry in entries {
      guard entry.number >= 0, entry.number < cells else {
        throw SmithError(.malformed, "chunk \(entry.number) of \(cells)")
      }
      guard entry.size <= largest else {
        throw SmithError(
          .malformed, "\(entry.size) bytes for a chunk of \(chunking.chunkBytes)",
          at: Place(offset: entry.offset))
      }
      guard raw.holds(entry.offset, Int(entry.size)) else {
        throw SmithError(
          .truncated, "a chunk of \(entry.size) bytes, the file has \(raw.count)",
          at: Place(offset: entry.offset))
      }
    }
  }
}

extension HDF5ChunkIndex {
  private struct Listing {
    var chunking: HDF5Chunking
    var entries: [Entry] = []
    var problem: SmithError?

    mutating func add(
      _ origin: UnsafePointer<hsize_t>, _ mask: UInt32, _ address: UInt64, _ size: UInt64
    ) throws(SmithError) {
      var number = 0
      for axis in chunking.shape.indices {
        let start = try Int(checked: origin[axis])
        let (size, chunk) = (chunking.shape[axis], chunking.chunk[axis])
        guard start < size, start % chunk == 0 else {
          throw SmithError(.malformed, "a chunk at \(start) outside the shape \(chunking.shape)")
        }
        number = number * ((size - 1) / chunk + 1) + start / chunk
      }
      guard let short = UInt32(exactly: size), entries.count < HDF5Metadata.maximumChunks else {
        throw SmithError(.limit, "chunk \(entries.count) of \(size) bytes")
      }
      entries.append(
        Entry(number: number, offset: try Int(checked: address), size: short, mask: mask))
    }
  }

  /// Lists every stored chunk.
  static func read(
    _ dataset: hid_t, _ chunking: HDF5Chunking, in file: borrowing HDF5File
  ) throws(SmithError) -> HDF5ChunkIndex {
    var listing = Listing(chunking: chunking)
    let shape = chunking.shape.map { hsize_t($0) }
    let chunk = chunking.chunk.map { hsize_t($0) }
    let (source, userBlock) = (file.source, file.userBlock)
    let status = withUnsafeMutablePointer(to: &listing) { listing in
      ws_h5d_each_chunk(
        dataset, source, userBlock, Int32(shape.count), shape, chunk,
        { origin, mask, address, size, context in
          guard let origin, let listing = context?.assumingMemoryBound(to: Listing.self) else {
            return -1
          }
          do throws(SmithError) {
            try listing.pointee.add(origin, mask, address, size)
            return 0
          } catch {
            listing.pointee.problem = error
            return 1
          }
        }, listing)
    }
    if let problem = listing.problem { throw problem }
    guard status >= 0 else { throw HDF5Library.failure("a chunk index that cannot be read") }
    return try HDF5ChunkIndex(listing.entries)
  }
}
