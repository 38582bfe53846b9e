import SmithBytes

/// SentencePiece's rules for characters, compiled: a trie of what is replaced, as Darts lays it out, and the replacements (models §13.4).
///
/// On disk: the trie's size in bytes (u32), its units (u32 each, all little endian), then replacements in UTF-8 that end in a NUL each.
struct PrecompiledCharsmap: Sendable {
  private let units: [UInt32]
  /// All replacements one after the other, each with its NUL.
  private let scalars: [Unicode.Scalar]
  /// By byte offset in the file's replacements: the place in `scalars`.
  private let places: [Int32]
  /// Unicode's own longest is 18.
  private static let longestReplacement = 256
  /// By ASCII character: whether no rule begins with it alone or with an ASCII character after it.
  private let isPlain: [Bool]
  /// By ASCII character: whether no rule replaces it alone.
  private let isKept: [Bool]

  /// - Throws: `.malformed` for a trie or replacements that lead outside, `.truncated` for fewer bytes than promised.
  init(_ bytes: [UInt8]) throws(SmithError) {
    var cursor = ByteCursor(bytes)
    let size = Int(try cursor.littleEndian(UInt32.self))
    // The root alone needs a unit.
    guard size % 4 == 0, size >= 4 else {
      throw SmithError(.malformed, "a character map with a trie of \(size) bytes")
    }
    var trie = try cursor.slice(size)
    var units: [UInt32] = []
    units.reserveCapacity(size / 4)
    while !trie.isAtEnd { units.append(try trie.littleEndian(UInt32.self)) }
    self.units = units
    let text = try cursor.utf8(cursor.remaining)
    var scalars: [Unicode.Scalar] = []
    var places: [Int32] = []
    for scalar in text.unicodeScalars {
      places.append(Int32(scalars.count))
      for _ in 1..<max(1, UTF8.width(scalar)) { places.append(-1) }
      scalars.append(scalar)
    }
    self.scalars = scalars
    self.places = places
    let longest = scalars.split { $0.value == 0 }.lazy.map(\.count).max() ?? 0
    guard longest <= Self.longestReplacement else {
      throw SmithError(.limit, "a character map that makes \(longest) characters of one")
    }
    isPlain = Self.plain(units, pairs: true)
    isKept = Self.plain(units, pairs: false)
    try check()
  }

  /// The longest run of code points from `start` that a rule replaces, and what by.
  func longest(
    in text: AlignedText, at start: Int
  ) -> (end: Int, replacement: ArraySlice<Unicode.Scalar>)? {
    let first = text[start].scalar
    if first.isASCII, isPlain[Int(first.value)],
      start + 1 == text.count || text[start + 1].scalar.isASCII
    {
      return nil
    }
    var best: (end: Int, value: Int)?
    walk(text[start...]) { end, value in
      best = (end, value)
      return true
    }
    return best.map { ($0.end, replacement($0.value)) }
  }

  /// Whether it is an ASCII character that no rule replaces by itself.
  @inline(__always)
  func keeps(_ scalar: Unicode.Scalar) -> Bool { scalar.isASCII && isKept[Int(scalar.value)] }

  /// The shortest run of code points that a rule replaces.
  func shortest(in word: Word) -> ArraySlice<Unicode.Scalar>? {
    var found: Int?
    walk(word) { _, value in
      found = value
      return false
    }
    return found.map(replacement)
  }

  /// Every rule that a word begins with, by the word's index after it; until `visit` returns false.
  @inline(__always)
  private func walk(_ word: Word, _ visit: (Int, Int) -> Bool) {
    var node = Self.offset(units[0])
    for index in word.indices {
      var hasLeaf = false
      for byte in UTF8.encode(word[index].scalar).unsafelyUnwrapped {
        node ^= Int(byte)
        // A NUL is no step: where it would lead stands a value.
        guard byte != 0, node < units.count, Self.label(units[node]) == UInt32(byte) else { return }
        hasLeaf = Self.hasLeaf(units[node])
        node ^= Self.offset(units[node])
      }
      if hasLeaf, !visit(index + 1, Int(units[node] & Self.valueMask)) { return }
    }
  }

  private func replacement(_ value: Int) -> ArraySlice<Unicode.Scalar> {
    let rest = scalars[Int(places[value])...]
    return rest.prefix { $0.value != 0 }
  }
}

/// Darts' units: a label to be compared with a byte, an offset to the children, a flag for a value among them.
extension PrecompiledCharsmap {
  private static let valueMask: UInt32 = 0x7FFF_FFFF

  private static func hasLeaf(_ unit: UInt32) -> Bool { unit >> 8 & 1 == 1 }
  /// Never a byte's for a unit that is a value.
  private static func label(_ unit: UInt32) -> UInt32 { unit & 0x8000_00FF }
  private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 512) >> 6) }

  /// Follows every way through the trie once, so that no walk can leave the arrays.
  private func check() throws(SmithError) {
    let (children, ends) = Self.children(units)
    var isSeen = Array(repeating: false, count: units.count)
    var open = [0]
    while let index = open.popLast() {
      guard !isSeen[index] else { continue }
      isSeen[index] = true
      let base = index ^ Self.offset(units[index])
      guard base < units.count else {
        throw SmithError(.malformed, "a character map whose trie leads outside")
      }
      if Self.hasLeaf(units[index]) {
        let value = Int(units[base] & Self.valueMask)
        guard value < places.count, places[value] >= 0 else {
          throw SmithError(.malformed, "a character map with a replacement at \(value)")
        }
      }
      open += children[(base == 0 ? 0 : ends[base - 1])..<ends[base]]
    }
    guard scalars.last?.value == 0 else {
      throw SmithError(.malformed, "a character map whose last replacement has no end")
    }
  }

  /// The units that carry a byte, sorted by where their parents' offsets must lead, and where those of each such place end.
  private static func children(_ units: [UInt32]) -> (children: [Int], ends: [Int]) {
    func base(_ index: Int) -> Int? {
      let byte = Int(units[index] & 0xFF)
      guard units[index] >> 31 == 0, byte != 0, index ^ byte < units.count else { return nil }
      return index ^ byte
    }
    var ends = Array(repeating: 0, count: units.count)
    for index in units.indices { base(index).map { ends[$0] += 1 } }
    var sum = 0
    for place in ends.indices {
      sum += ends[place]
      ends[place] = sum
    }
    var children = Array(repeating: 0, count: sum)
    var next = ends
    for index in units.indices.reversed() {
      guard let place = base(index) else { continue }
      next[place] -= 1
      children[next[place]] = index
    }
    return (children, ends)
  }

  private static func plain(_ units: [UInt32], pairs: Bool) -> [Bool] {
    func child(_ base: Int, _ byte: Int) -> Int? {
      let node = base ^ byte
      return node < units.count && label(units[node]) == UInt32(byte) ? node : nil
    }
    return (0..<128).map { byte in
      guard byte > 0, let node = child(offset(units[0]), byte) else { return true }
      let base = node ^ offset(units[node])
      return !hasLeaf(units[node]) && !(pairs && (1..<128).contains { child(base, $0) != nil })
    }
  }
}
