/// The fingerprint that PyTorchStreamWriter puts at the end of an archive: 20 digits for the members' names, 20 for their content.
///
/// The names are combined in the iteration order of libstdc++'s `unordered_set`, so that is followed here.
struct SerializationID {
  private var names = UnorderedHashes()
  private var content: UInt64 = 0

  /// A member by its name without the archive's folder, in the order written. Empty ones have no checksum.
  mutating func add(_ name: String, crc32: UInt32?) {
    names.insert(Self.hash(Array(name.utf8)))
    if let crc32 { content = Self.combine(content, UInt64(crc32)) }
  }

  var text: String {
    Self.digits(names.inOrder.reduce(0, Self.combine)) + Self.digits(content)
  }

  private static func digits(_ value: UInt64) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, 20 - text.count)) + text
  }

  /// `c10::hash_combine`.
  private static func combine(_ seed: UInt64, _ value: UInt64) -> UInt64 {
    seed ^ (value &+ 0x9E37_79B9 &+ (seed << 6) &+ (seed >> 2))
  }

  /// `std::hash<std::string>` of libstdc++: MurmurHash64A with the seed 0xC70F6907.
  private static func hash(_ bytes: [UInt8]) -> UInt64 {
    let factor: UInt64 = 0xC6A4_A793_5BD1_E995
    func mixed(_ value: UInt64) -> UInt64 { value ^ (value >> 47) }
    func word(_ range: Range<Int>) -> UInt64 {
      range.reversed().reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
    }
    var hash: UInt64 = 0xC70F_6907 ^ (UInt64(bytes.count) &* factor)
    let whole = bytes.count / 8 * 8
    for start in stride(from: 0, to: whole, by: 8) {
      hash ^= mixed(word(start..<(start + 8)) &* factor) &* factor
      hash = hash &* factor
    }
    if whole < bytes.count {
      hash ^= word(whole..<bytes.count)
      hash = hash &* factor
    }
    return mixed(mixed(hash) &* factor)
  }
}

/// The hashes of a libstdc++ `unordered_set` in its iteration order. Its elements form one list, in which those of a bucket stand side
/// by side: a new one goes before the first of its bucket, or to the front where the bucket is empty. A list by positions, so that a
/// hundred thousand members take no time.
private struct UnorderedHashes {
  /// The bucket counts that growing by doubling goes through.
  private static let bucketCounts = [
    13, 29, 59, 127, 257, 541, 1109, 2357, 5087, 10273, 20753, 42043, 85229, 172_933, 351_061,
    712_697, 1_447_153,
  ]

  private var hashes: [UInt64] = []
  private var next: [Int] = []
  /// The position before the first element of each bucket; -1 is before the list's front.
  private var before: [UInt64: Int] = [:]
  private var front: Int?
  private var bucketCount = 1

  mutating func insert(_ hash: UInt64) {
    if hashes.count + 1 > bucketCount || hashes.isEmpty { grow() }
    hashes.append(hash)
    next.append(-1)
    link(hashes.count - 1)
  }

  var inOrder: [UInt64] {
    var result: [UInt64] = []
    var position = front
    while let current = position {
      result.append(hashes[current])
      position = next[current] < 0 ? nil : next[current]
    }
    return result
  }

  private func bucket(_ position: Int) -> UInt64 { hashes[position] % UInt64(bucketCount) }

  private mutating func link(_ position: Int) {
    let bucket = bucket(position)
    if let previous = before[bucket] {
      if previous < 0 {
        next[position] = front ?? -1
        front = position
      } else {
        next[position] = next[previous]
        next[previous] = position
      }
    } else {
      next[position] = front ?? -1
      // What was at the front now stands behind this element.
      if let front { before[self.bucket(front)] = position }
      front = position
      before[bucket] = -1
    }
  }

  private mutating func grow() {
    let wanted = max(hashes.count + 1, hashes.isEmpty ? 11 : 2 * bucketCount)
    bucketCount = Self.bucketCounts.first { $0 >= wanted } ?? 2 * bucketCount + 1
    var order: [Int] = []
    var position = front
    while let current = position {
      order.append(current)
      position = next[current] < 0 ? nil : next[current]
    }
    front = nil
    before = [:]
    for position in order { link(position) }
  }
}
