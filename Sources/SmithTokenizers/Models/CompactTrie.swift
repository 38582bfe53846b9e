import SmithBytes

/// Pieces as a double array over their UTF-8 bytes, made once and walked often: a step is one load (Aoe 1989, "An Efficient Digital
/// Search Algorithm by Using a Double-Array Structure").
///
/// A node's children stand where its base, XOR their byte, leads. No two nodes share a base, so a byte tells whose child a unit is.
struct CompactTrie: Sendable {
  /// A node that a byte leads to.
  struct Unit: Sendable {
    /// From the lowest bit: the byte that leads here; whether one does; whether a piece ends here; where the children are.
    fileprivate var bits: UInt32
    /// Its place in the array.
    let index: Int32

    /// To step on from.
    @inline(__always) var node: UInt32 { bits >> 10 }
    @inline(__always) var endsPiece: Bool { bits & CompactTrie.ending != 0 }
  }

  private var units: [UInt32]
  /// By unit, what is known of the piece that ends there; an id where nothing else has been said.
  private(set) var values: [Int32]
  /// The node that every walk starts from.
  static let root: UInt32 = 256

  static let used: UInt32 = 1 << 8
  static let ending: UInt32 = 1 << 9
  /// What a base has bits for.
  static let unitLimit = 1 << 22

  /// The same pieces with other values.
  func replacingValues(_ change: (Int32) -> Int32) -> CompactTrie {
    var copy = self
    for index in units.indices where units[index] & Self.ending != 0 {
      copy.values[index] = change(values[index])
    }
    return copy
  }

  /// The child over a byte.
  @inline(__always)
  func step(from node: UInt32, _ byte: UInt8) -> Unit? {
    let index = node ^ UInt32(byte)
    let bits = units[Int(index)]
    guard bits & 0x1FF == UInt32(byte) | Self.used else { return nil }
    return Unit(bits: bits, index: Int32(truncatingIfNeeded: index))
  }

  /// The value of the piece that ends at a unit.
  @inline(__always)
  func value(at index: Int32) -> Int32 { values[Int(index)] }

  /// The id of the piece that ends at a unit, if one does.
  @inline(__always)
  func id(at unit: Unit) -> Int? { unit.endsPiece ? Int(value(at: unit.index)) : nil }

  /// The child over a code point's bytes.
  @inline(__always)
  func step(from node: UInt32, _ scalar: Unicode.Scalar) -> Unit? {
    if scalar.isASCII { return step(from: node, UInt8(truncatingIfNeeded: scalar.value)) }
    var last: Unit?
    var node = node
    for byte in UTF8.encode(scalar).unsafelyUnwrapped {
      guard let unit = step(from: node, byte) else { return nil }
      node = unit.node
      last = unit
    }
    return last
  }

  /// The id of the piece that a word is, or nil.
  func id(of word: Word) -> Int? {
    var last: Unit?
    var node = Self.root
    for element in word {
      guard let unit = step(from: node, element.scalar) else { return nil }
      node = unit.node
      last = unit
    }
    return last.flatMap(id)
  }

  /// The end of the longest piece that a word begins with.
  func longest(in word: Word) -> Int? {
    var node = Self.root
    var best: Int?
    for index in word.indices {
      guard let unit = step(from: node, word[index].scalar) else { break }
      node = unit.node
      if unit.endsPiece { best = index + 1 }
    }
    return best
  }

  /// - Parameter pieces: Of two with the same bytes the first is found.
  /// - Throws: `.limit` for more than a trie can hold.
  init(_ pieces: [(text: String, id: Int)]) throws(SmithError) {
    let keys = pieces.map { (bytes: Array($0.text.utf8), id: $0.id) }
      .sorted {
        $0.bytes == $1.bytes ? $0.id < $1.id : $0.bytes.lexicographicallyPrecedes($1.bytes)
      }
    var builder = CompactTrieBuilder()
    try builder.build(keys)
    units = builder.units
    values = builder.values
  }
}
