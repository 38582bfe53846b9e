import SmithBytes

/// Writes a table file: entries go in with ascending keys, `finish` returns the whole file (formats §2.2).
///
/// Same parameters as TensorFlow's, so that the same entries give the same bytes as its own writer.
struct TableBuilder {
  /// Content bytes after which a data block is closed.
  static let blockBytes = 262_144
  /// Every so many entries a key is written whole.
  static let restartInterval = 16

  private var file: [UInt8] = []
  private var block = BlockBuilder(restartInterval: restartInterval)
  private var index = BlockBuilder(restartInterval: 1)
  /// The block just closed: it enters the index once the next key is known, under a short key between the two.
  private var pending: BlockHandle?
  private var last: [UInt8] = []

  /// Adds an entry. `key` comes after every key before it, bytewise.
  mutating func add(_ key: [UInt8], _ value: [UInt8]) {
    if let handle = pending {
      index.add(Self.separator(last, key), handle.encoded)
      pending = nil
    }
    block.add(key, value)
    last = key
    if block.byteCount >= Self.blockBytes { closeBlock() }
  }

  /// The file's bytes.
  consuming func finish() -> [UInt8] {
    if !block.isEmpty { closeBlock() }
    let metaindex = append(BlockBuilder(restartInterval: Self.restartInterval).finish())
    if let handle = pending { index.add(Self.successor(last), handle.encoded) }
    let footer = Footer(metaindex: metaindex, index: append(index.finish()))
    return file + footer.encoded
  }

  private mutating func closeBlock() {
    pending = append(block.finish())
    block = BlockBuilder(restartInterval: Self.restartInterval)
  }

  /// Appends a block and its trailer, uncompressed as TensorFlow does.
  private mutating func append(_ content: [UInt8]) -> BlockHandle {
    let handle = BlockHandle(offset: file.count, size: content.count)
    let stored = content + [0]
    file += stored
    file.append(littleEndian: CRC32C.mask(CRC32C.of(stored)))
    return handle
  }

  /// A shortest key ≥ `key` and < `next`, which comes after it.
  static func separator(_ key: [UInt8], _ next: [UInt8]) -> [UInt8] {
    let common = zip(key, next).prefix { $0 == $1 }.count
    guard common < key.count, common < next.count, key[common] < 0xFF,
      key[common] + 1 < next[common]
    else { return key }
    return key[..<common] + [key[common] + 1]
  }

  /// A shortest key ≥ `key`.
  static func successor(_ key: [UInt8]) -> [UInt8] {
    guard let index = key.firstIndex(where: { $0 != 0xFF }) else { return key }
    return key[..<index] + [key[index] + 1]
  }
}

/// Writes one block: entries that share key prefixes, then the restart array.
struct BlockBuilder {
  private let restartInterval: Int
  private var entries: [UInt8] = []
  private var restarts: [Int] = [0]
  private var sinceRestart = 0
  private var last: [UInt8] = []

  init(restartInterval: Int) { self.restartInterval = restartInterval }

  var isEmpty: Bool { entries.isEmpty }
  /// What `finish` would return so far.
  var byteCount: Int { entries.count + 4 * restarts.count + 4 }

  mutating func add(_ key: [UInt8], _ value: [UInt8]) {
    var shared = 0
    if sinceRestart == restartInterval {
      restarts.append(entries.count)
      sinceRestart = 0
    } else {
      shared = zip(last, key).prefix { $0 == $1 }.count
    }
    entries.append(varint: UInt64(shared))
    entries.append(varint: UInt64(key.count - shared))
    entries.append(varint: UInt64(value.count))
    entries += key[shared...]
    entries += value
    last = key
    sinceRestart += 1
  }

  func finish() -> [UInt8] {
    var bytes = entries
    for restart in restarts { bytes.append(littleEndian: UInt32(truncatingIfNeeded: restart)) }
    bytes.append(littleEndian: UInt32(truncatingIfNeeded: restarts.count))
    return bytes
  }
}
