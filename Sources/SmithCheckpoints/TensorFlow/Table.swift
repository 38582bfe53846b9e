import SmithBytes

/// A whole table file read front to back: footer, index block, every data block (formats §2.2).
struct Table: Sendable {
  /// Every key and value of the data blocks, keys strictly ascending.
  private(set) var entries: [Block.Entry] = []
  private var keyBudget = BundleLimits.indexBytes

  /// Reads `file`, checking the CRC of each block before a byte of it is believed. `checkFirst` sees the first entry before the
  /// second block is read, so that a file of another kind is refused while that is cheap.
  ///
  /// `.limit` beyond `BundleLimits`, `.truncated` and `.malformed` for a broken structure, `.checksum` for damage. Blocks must
  /// follow each other as every writer lays them out: a handle that leads back would make the work quadratic.
  init(
    _ file: InputFile, checkFirst: (Block.Entry) throws(SmithError) -> Void
  ) throws(SmithError) {
    do throws(SmithError) {
      var reader = try BlockReader(file)
      let footer = try reader.footer()
      var metaindex = try reader.block(footer.metaindex, at: reader.end)
      while try metaindex.next() != nil {}  // filters and statistics, which TensorFlow never writes
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
        let isFirst = entries.isEmpty
        try append(try reader.block(handle, at: row.position), upTo: row.key)
        if isFirst, let first = entries.first { try checkFirst(first) }
      }
    } catch { throw error.at(file: file.path) }
  }

  /// Adds the entries of one data block; its keys come after all before it and are not above `bound`, its key in the index.
  private mutating func append(_ block: Block, upTo bound: [UInt8]) throws(SmithError) {
    var block = block
    let before = entries.count
    while let entry = try block.next() {
      keyBudget -= entry.key.count
      // Within a block its reader has looked.
      if entries.count == before, let last = entries.last,
        !last.key.lexicographicallyPrecedes(entry.key)
      {
        throw SmithError(
          .malformed, "keys that do not ascend from block to block",
          at: Place(offset: entry.position))
      }
      guard entries.count < BundleLimits.entries, keyBudget >= 0 else {
        throw SmithError(
          .limit, "more than \(BundleLimits.entries) entries, or names beyond all measure",
          at: Place(offset: entry.position))
      }
      entries.append(entry)
    }
    guard entries.count > before, let last = entries.last else {
      throw SmithError(.malformed, "an empty block of entries")
    }
    if bound.lexicographicallyPrecedes(last.key) {
      throw SmithError(
        .malformed, "a key above the one its block has in the index",
        at: Place(offset: last.position))
    }
  }
}

/// Hands out blocks of a table file, as many bytes of them as an index may have.
struct BlockReader {
  let file: InputFile
  /// Blocks end where the footer begins.
  let end: Int
  /// What blocks may still take all together: as stored, and once decompressed.
  private var storedBudget = BundleLimits.indexBytes
  private var plainBudget = BundleLimits.indexBytes

  init(_ file: InputFile) throws(SmithError) {
    guard file.count >= Footer.byteCount else {
      throw SmithError(.truncated, "\(file.count) bytes are too few for a table")
    }
    self.file = file
    end = file.count - Footer.byteCount
  }

  func footer() throws(SmithError) -> Footer {
    try Footer(try file.bytes(end..<file.count), base: end)
  }

  /// The block that `handle`, which stands at `place`, points to.
  mutating func block(_ handle: BlockHandle, at place: Int) throws(SmithError) -> Block {
    let end = try handle.end(within: end, at: place)
    guard handle.size <= storedBudget else {
      throw SmithError(
        .limit, "an index of more than \(BundleLimits.indexBytes) bytes",
        at: Place(offset: handle.offset))
    }
    storedBudget -= handle.size
    var content = try file.bytes(handle.offset..<(end - 4))
    var trailer = ByteCursor(try file.bytes((end - 4)..<end), base: end - 4)
    guard checksumsAgree(try trailer.littleEndian(UInt32.self), CRC32C.mask(CRC32C.of(content)))
    else {
      throw SmithError(
        .checksum, "a block of the index is damaged", at: Place(offset: handle.offset))
    }
    switch content.removeLast() {
    case 0: return try Block(content, base: handle.offset)
    case 1:
      content = try Snappy.decompress(
        ByteCursor(content, base: handle.offset), limit: plainBudget)
      plainBudget -= content.count
      return try Block(content, base: handle.offset)
    case let type:
      throw SmithError(.unsupported, "compression type \(type)", at: Place(offset: end - 5))
    }
  }
}
