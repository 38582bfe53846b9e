import SmithBytes
import SmithTensors

/// Walks one file's tree without recursion and lists its leaves in the order of their bytes.
struct FlaxTree {
  static let maxDepth = 64
  static let maxLeaves = 1_000_000
  static let maxNameBytes = 4096
  /// Of all names together: a deep path would stand in a million of them.
  static let maxNamesBytes = 256 << 20
  static let chunkedKey = "__msgpack_chunked_array__"

  /// A map or an array whose values are being read.
  private struct Level {
    /// What stands before the names in it: empty, or ends in `/`.
    let prefix: String
    var remaining: Int
    /// The next position in an array; nil in a map.
    var index: Int?
    var keys: Set<String> = []
    /// The first leaf that came out of it.
    let firstLeaf: Int
    var isChunked = false
  }

  private(set) var leaves: [FlaxLeaf] = []
  /// Names that have a key with a slash in them: they look nested and are not.
  private(set) var slashed: [String] = []
  private var levels: [Level] = []
  private var namesBytes = 0
  private var reader: MessagePackReader

  init(_ file: InputFile) throws(SmithError) {
    reader = MessagePackReader(FileCursor(file))
    do throws(SmithError) {
      try walk()
      guard reader.isAtEnd else {
        throw SmithError(.malformed, "bytes after the tree", at: Place(offset: reader.position))
      }
    } catch { throw error.at(file: file.path) }
  }

  private mutating func walk() throws(SmithError) {
    guard case .map(let count) = try reader.next() else {
      throw SmithError(
        .unsupported, "no map of names to arrays at its root", at: Place(offset: 0),
        remedy: "a file that flax.serialization.to_bytes wrote")
    }
    levels.append(Level(prefix: "", remaining: count, index: nil, firstLeaf: 0))
    while let level = levels.last {
      if level.remaining == 0 {
        levels.removeLast()
        if level.isChunked { try join(level) }
        continue
      }
      levels[levels.count - 1].remaining -= 1
      let name = level.prefix + (try key())
      let offset = reader.position
      do throws(SmithError) {
        try step(name, try reader.next(), at: offset)
      } catch { throw error.at(offset: offset, item: name) }
    }
  }

  /// The key of the next value in the innermost map, or its position in the innermost array.
  private mutating func key() throws(SmithError) -> String {
    let last = levels.count - 1
    if let index = levels[last].index {
      levels[last].index = index + 1
      return String(index)
    }
    let offset = reader.position
    guard let range = try reader.next().textRange else {
      throw SmithError(.unsupported, "a key that is no text", at: Place(offset: offset))
    }
    let key = try reader.text(range, limit: Self.maxNameBytes)
    guard levels[last].keys.insert(key).inserted else {
      throw SmithError(
        .mismatch, "the key stands twice",
        at: Place(offset: offset, item: levels[last].prefix + key))
    }
    if key == Self.chunkedKey { levels[last].isChunked = true }
    if key.utf8.contains(UInt8(ascii: "/")) { slashed.append(levels[last].prefix + key) }
    return key
  }

  private mutating func step(
    _ name: String, _ value: MessagePackValue, at offset: Int
  ) throws(SmithError) {
    namesBytes += name.utf8.count
    guard name.utf8.count <= Self.maxNameBytes, namesBytes <= Self.maxNamesBytes,
      leaves.count < Self.maxLeaves
    else {
      throw SmithError(
        .limit, "more than \(Self.maxLeaves) values, or names of more than 4 KiB or 256 MiB in all")
    }
    switch value {
    case .map(let count) where count > 0: try open(name, count, index: nil)
    case .array(let count) where count > 0: try open(name, count, index: 0)
    default: leaves.append(try FlaxLeaf(name, value, at: offset, reader))
    }
  }

  private mutating func open(_ name: String, _ count: Int, index: Int?) throws(SmithError) {
    guard levels.count < Self.maxDepth else {
      throw SmithError(.limit, "more than \(Self.maxDepth) levels")
    }
    levels.append(
      Level(prefix: name + "/", remaining: count, index: index, firstLeaf: leaves.count))
  }

  /// The leaves of a map that stands for one large array become that array.
  private mutating func join(_ level: Level) throws(SmithError) {
    let name = String(level.prefix.dropLast())
    guard !level.prefix.isEmpty else {
      throw SmithError(.unsupported, "an array at the root, which has no name")
    }
    let parts = leaves[level.firstLeaf...]
    let offset = parts.first?.offset
    do throws(SmithError) {
      let joined = try FlaxChunks(parts, prefix: level.prefix).joined(name, at: offset ?? 0)
      leaves.removeSubrange(level.firstLeaf...)
      leaves.append(joined)
    } catch { throw error.at(offset: offset, item: name) }
  }
}
