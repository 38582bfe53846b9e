import SmithBytes

/// The words that are one piece each: most words of a text, found in one look instead of one a byte.
struct WordTable: Sendable {
  /// Open addressing; a slot is the upper half of a hash over an index into `ids`, `empty` where nothing is.
  private var slots: [UInt64]
  private var ids: [Int32] = []
  /// The code points of all words, one after the other.
  private var scalars: [UInt32] = []
  /// Where each word begins in them; the last one is their end.
  private var starts = [0]

  private static let empty = UInt64.max
  private static let upper: UInt64 = 0xFFFF_FFFF << 32
  private let seed = HashSeed.value

  init(expecting count: Int = 0) {
    var capacity = 64
    while capacity < 2 * min(count, Vocabulary.countLimit) { capacity *= 2 }
    slots = Array(repeating: Self.empty, count: capacity)
  }

  /// All pieces of a vocabulary; of two with the same bytes the one that the vocabulary finds.
  init(_ vocabulary: Vocabulary) {
    self.init(expecting: vocabulary.count)
    for (id, piece) in vocabulary.pieces.enumerated().reversed() {
      insert(piece.unicodeScalars, id: id)
    }
  }

  /// Adds a word; of two with the same code points the first stays.
  mutating func insert(_ word: some Sequence<Unicode.Scalar>, id: Int) {
    let values = word.map(\.value)
    guard !values.isEmpty else { return }
    let hash = values.reduce(seed) { Self.mixed($0, $1) }
    let index = place(of: hash) { start, end in scalars[start..<end].elementsEqual(values) }
    guard slots[index] == Self.empty else { return }
    slots[index] = hash & Self.upper | UInt64(ids.count)
    ids.append(Int32(truncatingIfNeeded: id))
    scalars += values
    starts.append(scalars.count)
    if ids.count * 2 > slots.count { grow() }
  }

  /// The piece that a word is.
  @inline(__always)
  func id(of word: Word) -> Int? {
    var hash = seed
    for element in word { hash = Self.mixed(hash, element.scalar.value) }
    let index = place(of: hash) { start, end in
      guard end - start == word.count else { return false }
      var position = start
      for element in word {
        if scalars[position] != element.scalar.value { return false }
        position += 1
      }
      return true
    }
    let slot = slots[index]
    return slot == Self.empty ? nil : Int(ids[Int(UInt32(truncatingIfNeeded: slot))])
  }

  @inline(__always)
  private static func mixed(_ hash: UInt64, _ value: UInt32) -> UInt64 {
    let product = (hash ^ UInt64(value)) &* 0x9E37_79B9_7F4A_7C15
    return product ^ (product >> 29)
  }

  /// The slot of a word, or the empty one where it would be.
  @inline(__always)
  private func place(of hash: UInt64, _ isIt: (_ start: Int, _ end: Int) -> Bool) -> Int {
    let mask = slots.count - 1
    var index = Int(truncatingIfNeeded: hash) & mask
    while slots[index] != Self.empty {
      let word = Int(UInt32(truncatingIfNeeded: slots[index]))
      if (slots[index] ^ hash) & Self.upper == 0, isIt(starts[word], starts[word + 1]) { break }
      index = (index + 1) & mask
    }
    return index
  }

  private mutating func grow() {
    slots = Array(repeating: Self.empty, count: slots.count * 2)
    for word in ids.indices {
      let hash = scalars[starts[word]..<starts[word + 1]].reduce(seed) { Self.mixed($0, $1) }
      slots[place(of: hash) { _, _ in false }] = hash & Self.upper | UInt64(word)
    }
  }
}
