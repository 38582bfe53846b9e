import SmithBytes

/// One block of a table: entries in key order whose keys share prefixes, then the restart array (formats §2.2).
struct Block: Sendable {
  /// A key and its value. Positions are file offsets, or offsets in the decompressed block.
  struct Entry: Sendable {
    var key: [UInt8]
    var value: ByteCursor
    var position: Int
  }

  private var entries: ByteCursor
  /// Offsets from the block's start at which a key must be whole.
  private var restarts: ByteCursor
  private var nextRestart: Int?
  private var key: [UInt8] = []
  /// What keys may still take: shared prefixes make them larger than the file.
  private var keyBudget = BundleLimits.indexBytes
  private let base: Int

  /// `bytes` is the content without its trailer, `base` the position of its first byte.
  init(_ bytes: [UInt8], base: Int) throws(SmithError) {
    self.base = base
    var cursor = ByteCursor(bytes, base: base)
    guard bytes.count >= 8 else {
      throw SmithError(.malformed, "a block of \(bytes.count) bytes", at: Place(offset: base))
    }
    var tail = ByteCursor(Array(bytes.suffix(4)), base: base + bytes.count - 4)
    let count = Int(try tail.littleEndian(UInt32.self))
    guard count >= 1, count <= (bytes.count - 4) / 4 else {
      throw SmithError(
        .malformed, "\(count) restart points in a block of \(bytes.count) bytes",
        at: Place(offset: base + bytes.count - 4))
    }
    entries = try cursor.slice(bytes.count - 4 - 4 * count)
    restarts = try cursor.slice(4 * count)
    nextRestart = 0
    guard Int(try restarts.littleEndian(UInt32.self)) == 0 else {
      throw SmithError(
        .malformed, "the first restart point is not the first entry",
        at: Place(offset: base + bytes.count - 4 - 4 * count))
    }
  }

  /// The next entry, or nil at the end of the block.
  ///
  /// `.malformed` for a prefix longer than the key before it, keys that do not ascend, and restart points that are not entries
  /// with a whole key; `.truncated` for lengths past the block; `.limit` for keys beyond any name.
  mutating func next() throws(SmithError) -> Entry? {
    let start = entries.position
    if entries.isAtEnd {
      guard nextRestart == nil || (nextRestart == 0 && start == base) else {
        throw SmithError(.malformed, "a restart point beyond the entries", at: Place(offset: start))
      }
      return nil
    }
    let isFirst = start == base
    let shared = try entries.varint()
    let unshared = try entries.varint()
    let valueCount = try entries.varint()
    if try startsRun(start - base), shared != 0 {
      throw SmithError(.malformed, "a restart point with half a key", at: Place(offset: start))
    }
    guard shared <= UInt64(key.count) else {
      throw SmithError(
        .malformed, "a key that shares \(shared) bytes with one of \(key.count)",
        at: Place(offset: start))
    }
    let suffix = try entries.array(try length(unshared, start))
    let value = try entries.slice(try length(valueCount, start))
    keyBudget -= Int(shared) + suffix.count
    guard keyBudget >= 0 else {
      throw SmithError(
        .limit, "keys of more than \(BundleLimits.indexBytes) bytes", at: Place(offset: start))
    }
    let next = Array(key.prefix(Int(shared))) + suffix
    guard isFirst || key[Int(shared)...].lexicographicallyPrecedes(suffix) else {
      throw SmithError(.malformed, "keys that do not ascend", at: Place(offset: start))
    }
    key = next
    return Entry(key: key, value: value, position: start)
  }

  private func length(_ value: UInt64, _ start: Int) throws(SmithError) -> Int {
    guard let length = Int(exactly: value), length <= entries.remaining else {
      throw SmithError(
        .truncated, "\(value) bytes wanted, \(entries.remaining) left in the block",
        at: Place(offset: start))
    }
    return length
  }

  /// Whether the restart array names the entry at `offset`, and if so moves on to the next restart point.
  private mutating func startsRun(_ offset: Int) throws(SmithError) -> Bool {
    guard let wanted = nextRestart, wanted <= offset else { return false }
    guard wanted == offset else {
      throw SmithError(
        .malformed, "a restart point inside an entry", at: Place(offset: base + offset))
    }
    let place = restarts.position
    nextRestart = restarts.isAtEnd ? nil : Int(try restarts.littleEndian(UInt32.self))
    if let next = nextRestart, next <= offset {
      throw SmithError(.malformed, "restart points that do not ascend", at: Place(offset: place))
    }
    return true
  }
}
