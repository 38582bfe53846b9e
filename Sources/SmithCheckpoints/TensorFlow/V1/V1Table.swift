import SmithBytes

/// Steps through the entries of a table file without loading its blocks: in a V1 checkpoint a block is as large as the largest
/// tensor in it. The index block alone is read, and checked, whole.
struct V1Table {
  struct Entry {
    var key: [UInt8]
    /// Where the value is in the file.
    var value: Range<Int>
    var block: Int
  }

  let file: InputFile
  private(set) var blocks: [BlockHandle] = []
  private let window: FileWindow
  private var walk: V1Block?
  private var nextBlock = 0
  private var last: [UInt8]?
  private var keyBudget = BundleLimits.indexBytes

  init(_ file: InputFile) throws(SmithError) {
    self.file = file
    window = FileWindow(file)
    var reader = try BlockReader(file)
    let footer = try reader.footer()
    var metaindex = try reader.block(footer.metaindex, at: reader.end)
    while try metaindex.next() != nil {}
    var index = try reader.block(footer.index, at: reader.end)
    var end = 0
    while let row = try index.next() {
      var value = row.value
      let handle = try BlockHandle(&value)
      guard value.isAtEnd, handle.offset >= end else {
        throw SmithError(
          .malformed, "a block handle that leads back, or has stray bytes behind it",
          at: Place(offset: row.position))
      }
      end = try handle.end(within: reader.end, at: row.position)
      blocks.append(handle)
    }
  }

  /// The next entry, or nil at the end. Keys ascend through the whole file.
  mutating func next() throws(SmithError) -> Entry? {
    while true {
      if var block = walk {
        let entry = try block.next(after: last)
        walk = block
        if let entry {
          last = entry.key
          keyBudget -= entry.key.count
          guard keyBudget >= 0 else {
            throw SmithError(
              .limit, "keys of more than \(BundleLimits.indexBytes) bytes",
              at: Place(offset: entry.value.lowerBound))
          }
          return Entry(key: entry.key, value: entry.value, block: nextBlock - 1)
        }
        walk = nil
      }
      guard nextBlock < blocks.count else { return nil }
      walk = try V1Block(window, blocks[nextBlock])
      nextBlock += 1
    }
  }

  /// Checks the stored checksum of a block, a piece at a time.
  static func verify(_ handle: BlockHandle, in file: InputFile) throws(SmithError) {
    // The checksum covers the type byte behind the content too.
    let end = handle.offset + handle.size + 1
    var crc = CRC32C()
    for start in stride(from: handle.offset, to: end, by: BundleLimits.checkBytes) {
      crc.update(try file.bytes(start..<min(end, start + BundleLimits.checkBytes)))
    }
    var trailer = ByteCursor(try file.bytes(end..<(end + 4)), base: end)
    guard checksumsAgree(try trailer.littleEndian(UInt32.self), CRC32C.mask(crc.value)) else {
      throw SmithError(
        .checksum, "a block of the checkpoint is damaged",
        at: Place(file: file.path, offset: handle.offset))
    }
  }
}

/// The entries of one uncompressed block, read as they come (`Block` has them in memory).
private struct V1Block {
  private var entries: FileCursor
  private let start: Int

  /// `.unsupported` for a compressed block, which TensorFlow never wrote in V1.
  init(_ window: FileWindow, _ handle: BlockHandle) throws(SmithError) {
    start = handle.offset
    let end = handle.offset + handle.size
    var type = FileCursor(window, end..<(end + 1))
    guard try type.byte() == 0 else {
      throw SmithError(
        .unsupported, "a compressed block in a V1 checkpoint", at: Place(offset: end),
        remedy: "save it again with tf.train.Saver(write_version=SaverDef.V2)")
    }
    guard handle.size >= 8 else {
      throw SmithError(.malformed, "a block of \(handle.size) bytes", at: Place(offset: start))
    }
    var tail = FileCursor(window, (end - 4)..<end)
    let restarts = Int(try tail.littleEndian(UInt32.self))
    guard restarts >= 1, restarts <= (handle.size - 4) / 4 else {
      throw SmithError(
        .malformed, "\(restarts) restart points in a block of \(handle.size) bytes",
        at: Place(offset: end - 4))
    }
    entries = FileCursor(window, start..<(end - 4 - 4 * restarts))
  }

  mutating func next(
    after last: [UInt8]?
  ) throws(SmithError) -> (key: [UInt8], value: Range<Int>)? {
    if entries.isAtEnd { return nil }
    let place = Place(offset: entries.position)
    let isFirst = entries.position == start
    let shared = try entries.varint()
    let unshared = try entries.varint()
    let count = try entries.varint()
    guard unshared <= UInt64(V1Limits.keyBytes) else {
      throw SmithError(.limit, "a key of \(unshared) bytes", at: place)
    }
    guard shared == 0 || (!isFirst && shared <= UInt64(last?.count ?? 0)) else {
      throw SmithError(.malformed, "a key that shares \(shared) bytes with none", at: place)
    }
    let key = Array((last ?? []).prefix(Int(shared))) + (try entries.array(Int(unshared)))
    if let last, !last.lexicographicallyPrecedes(key) {
      throw SmithError(.malformed, "keys that do not ascend", at: place)
    }
    return (key, try entries.take(try Int(checked: count)))
  }
}
