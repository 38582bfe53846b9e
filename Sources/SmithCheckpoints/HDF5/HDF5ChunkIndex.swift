import CHDF5
import SmithBytes
import Synchronization

/// Where the chunks of a dataset are.
enum HDF5ChunkIndex: Sendable {
  struct Entry: Hashable, Sendable {
    var offset: Int
    var size: Int
    var mask: UInt32
  }

  /// By chunk number; what is not there was never written.
  case table([Int: Entry])
  /// Too many to list with the calls of 1.10, which walk the whole index for each: the library fetches stored chunks.
  case byCoordinates

  /// Beyond this, listing costs more than fetching (measured: 2,000 chunks 45 ms, 20,000 chunks 5 s).
  private static let maximumListed = 2048

  /// Lists and checks every chunk: aligned, inside the grid, inside the file, of a plausible size, and once.
  static func read(
    _ dataset: hid_t, _ chunking: HDF5Chunking, in file: HDF5File
  ) throws(SmithError) -> HDF5ChunkIndex {
    let space = try HDF5Handle(H5Dget_space(dataset), "no dataspace", close: H5Sclose)
    var count: hsize_t = 0
    guard H5Dget_num_chunks(dataset, space.id, &count) >= 0 else {
      throw HDF5Library.failure("a chunk index that cannot be read")
    }
    if count > maximumListed { return .byCoordinates }
    var table: [Int: Entry] = [:]
    for index in 0..<count {
      var origin = [hsize_t](repeating: 0, count: chunking.shape.count + 1)
      var (mask, address, size) = (UInt32(0), haddr_t(0), hsize_t(0))
      guard H5Dget_chunk_info(dataset, space.id, index, &origin, &mask, &address, &size) >= 0 else {
        throw HDF5Library.failure("chunk \(index)")
      }
      if address == haddr_t.max { continue }
      let coordinates = try Self.coordinates(origin, chunking)
      let entry = Entry(
        offset: try Int(checked: address).adding(checked: file.chunkBase),
        size: try Int(checked: size), mask: mask)
      try check(entry, chunking, file.raw)
      guard table.updateValue(entry, forKey: chunking.number(of: coordinates)) == nil else {
        throw SmithError(.malformed, "two chunks at \(coordinates)")
      }
    }
    return .table(table)
  }

  private static func coordinates(
    _ origin: [hsize_t], _ chunking: HDF5Chunking
  ) throws(SmithError) -> [Int] {
    var result: [Int] = []
    for axis in chunking.shape.indices {
      let start = try Int(checked: origin[axis])
      guard start < chunking.shape[axis], start % chunking.chunk[axis] == 0 else {
        throw SmithError(.malformed, "a chunk at \(start) outside the shape \(chunking.shape)")
      }
      result.append(start / chunking.chunk[axis])
    }
    return result
  }

  private static func check(
    _ entry: Entry, _ chunking: HDF5Chunking, _ file: InputFile
  ) throws(SmithError) {
    // Deflate grows incompressible data by less than 1 in 1000; a checksum adds 4.
    guard entry.size <= chunking.chunkBytes + chunking.chunkBytes / 8 + 1024 else {
      throw SmithError(
        .malformed, "\(entry.size) bytes for a chunk of \(chunking.chunkBytes)",
        at: Place(offset: entry.offset))
    }
    guard entry.offset <= file.count, entry.size <= file.count - entry.offset else {
      throw SmithError(
        .truncated, "a chunk of \(entry.size) bytes, the file has \(file.count)",
        at: Place(offset: entry.offset))
    }
  }
}

/// The chunk indexes of one file, each read when its tensor is first asked for.
final class HDF5ChunkIndexes: Sendable {
  private let known = Mutex<[String: HDF5ChunkIndex]>([:])

  func index(
    of name: String, _ chunking: HDF5Chunking, in file: HDF5File
  ) throws(SmithError) -> HDF5ChunkIndex {
    if let index = known.withLock({ $0[name] }) { return index }
    let index = try file.use { (id) throws(SmithError) in
      let dataset = try HDF5Walk.open(name, in: id)
      return try HDF5ChunkIndex.read(dataset.id, chunking, in: file)
    }
    known.withLock { $0[name] = index }
    return index
  }
}
