import SmithBytes
import SmithTensors

/// What an `.index` file says: the header, and every tensor with its place. Slices are merged into their variables.
struct BundleIndex: Sendable {
  private(set) var header = BundleHeader(shards: 1)
  /// In the order of their bytes on disk.
  private(set) var tensors: [StoredTensor] = []

  /// Reads and checks everything that can be checked without the data files.
  init(_ file: InputFile) throws(SmithError) {
    var header: BundleHeader?
    let table = try Table(file) { entry throws(SmithError) in
      guard entry.key.isEmpty else {
        throw SmithError(.malformed, "no bundle header", at: Place(offset: entry.position))
      }
      header = try BundleHeader(entry.value)
    }
    do throws(SmithError) {
      guard let header else { throw SmithError(.malformed, "no bundle header") }
      self.header = header
      let (named, slices) = try Self.split(table.entries.dropFirst())
      try merge(named, slices)
      order()
      try checkDisjoint()
    } catch { throw error.at(file: file.path) }
  }

  private struct Named {
    var key: [UInt8]
    var name: String
    var entry: BundleEntry
    var position: Int
  }

  private struct Slice {
    var entry: BundleEntry
    var position: Int
    var isUsed = false
  }

  /// Tensors by name, and slices by their binary keys, which begin with byte 0.
  private static func split(
    _ rows: ArraySlice<Block.Entry>
  ) throws(SmithError) -> ([Named], [[UInt8]: Slice]) {
    var named: [Named] = []
    var slices: [[UInt8]: Slice] = [:]
    for row in rows {
      if row.key.first == 0 {
        let entry: BundleEntry
        do throws(SmithError) { entry = try BundleEntry(row.value) } catch {
          throw error.at(item: "a slice")
        }
        slices[row.key] = Slice(entry: entry, position: row.position)
        continue
      }
      let name = try name(row)
      do throws(SmithError) {
        named.append(
          Named(
            key: row.key, name: name, entry: try BundleEntry(row.value), position: row.position))
      } catch { throw error.at(item: name) }
    }
    return (named, slices)
  }

  private static func name(_ row: Block.Entry) throws(SmithError) -> String {
    let place = Place(offset: row.position)
    guard row.key.count <= BundleLimits.nameBytes else {
      throw SmithError(.limit, "a name of \(row.key.count) bytes", at: place)
    }
    guard let name = String(validating: row.key, as: UTF8.self) else {
      throw SmithError(.malformed, "a name that is not UTF-8", at: place)
    }
    return name
  }

  private mutating func merge(
    _ named: [Named], _ slices: [[UInt8]: Slice]
  ) throws(SmithError) {
    var slices = slices
    var names: Set<String> = []
    for row in named {
      do throws(SmithError) {
        // Two spellings of one accented letter are two keys but one Swift string.
        guard names.insert(row.name).inserted else {
          throw SmithError(.mismatch, "two tensors of one name, apart only in Unicode spelling")
        }
        let tensor = try Self.tensor(row, &slices)
        for piece in tensor.pieces { try check(piece.entry) }
        tensors.append(tensor)
      } catch { throw error.at(offset: row.position, item: row.name) }
    }
    if let lost = slices.values.filter({ !$0.isUsed }).map({ $0.position }).min() {
      throw SmithError(.malformed, "a slice that no variable lists", at: Place(offset: lost))
    }
  }

  private static func tensor(
    _ row: Named, _ slices: inout [[UInt8]: Slice]
  ) throws(SmithError) -> StoredTensor {
    if row.entry.slices.isEmpty { return try StoredTensor(name: row.name, whole: row.entry) }
    var parts: [BundleEntry] = []
    for slice in row.entry.slices {
      let key = slice.key(of: row.key)
      guard let part = slices[key] else {
        throw SmithError(.missing, "its slice \(parts.count) is not in the index")
      }
      slices[key]?.isUsed = true
      parts.append(part.entry)
    }
    return try StoredTensor(name: row.name, partitioned: row.entry, slices: parts)
  }

  /// Sorts tensors by their place; names decide between empty ones.
  private mutating func order() {
    let places = tensors.indices.map { (tensors[$0].first, $0) }
      .sorted { ($0.0.shard, $0.0.offset, $0.1) < ($1.0.shard, $1.0.offset, $1.1) }
    tensors = places.map { tensors[$0.1] }
  }

  /// Demands that a piece is in a data file that there is, at a place that a file can have.
  private func check(_ entry: BundleEntry) throws(SmithError) {
    guard entry.shard < header.shards else {
      throw SmithError(.malformed, "data file \(entry.shard) of \(header.shards)")
    }
    _ = try entry.offset.adding(checked: entry.size)
  }

  /// Demands that no two pieces share a byte: a checkpoint that is one place read a thousand times is a way to fill a disk.
  private func checkDisjoint() throws(SmithError) {
    var ranges: [(shard: Int, start: Int, end: Int, tensor: Int)] = []
    for (index, tensor) in tensors.enumerated() {
      for entry in tensor.pieces.map({ $0.entry }) where entry.size > 0 {
        ranges.append((entry.shard, entry.offset, entry.offset + entry.size, index))
      }
    }
    ranges.sort { ($0.shard, $0.start) < ($1.shard, $1.start) }
    for (before, after) in zip(ranges, ranges.dropFirst())
    where before.shard == after.shard && after.start < before.end {
      throw SmithError(
        .malformed, "shares bytes with \(tensors[before.tensor].info.name)",
        at: Place(item: tensors[after.tensor].info.name))
    }
  }
}
