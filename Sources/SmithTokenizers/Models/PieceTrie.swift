import SmithBytes

/// The pieces of a vocabulary as a trie over their UTF-8 bytes: exact look-up, and every piece that a text begins with in one walk.
///
/// Swift's strings are equal when they are canonically equivalent; a vocabulary's pieces are equal when their bytes are.
struct PieceTrie: Sendable {
  /// The root, which every walk starts from.
  static let root: UInt32 = 0
  /// By node: the id of the piece that ends there, or -1.
  private var ids: [Int32] = [-1]
  /// Open addressing; a slot is a node and a byte over the child, `empty` where nothing is.
  private var slots: [UInt64]
  private var used = 0

  private static let empty = UInt64.max
  private let factor = HashSeed.factor
  /// What a node's number has bits for beside a byte.
  private static let nodeLimit = 1 << 24

  init(expecting bytes: Int = 0) {
    var capacity = 256
    while capacity < min(bytes, Self.nodeLimit) { capacity *= 2 }
    slots = Array(repeating: Self.empty, count: capacity)
  }

  /// Adds a piece.
  ///
  /// - Returns: The id under which its bytes stand already, and stay; nil where they are new.
  /// - Throws: `.limit` beyond 16 million nodes.
  mutating func insert(
    _ piece: some Sequence<UInt8>, id: Int32
  ) throws(SmithError) -> Int32? {
    var node = Self.root
    for byte in piece { node = try child(of: node, byte) }
    let present = ids[Int(node)]
    if present >= 0 { return present }
    ids[Int(node)] = id
    return nil
  }

  /// The id of the piece with these very bytes.
  func id(of piece: some Sequence<UInt8>) -> Int? {
    node(from: Self.root, piece).flatMap { id(at: $0) }
  }

  /// The node after some bytes more, if any piece goes that way.
  @inline(__always)
  func node(from start: UInt32, _ bytes: some Sequence<UInt8>) -> UInt32? {
    var node = start
    for byte in bytes {
      guard let next = step(from: node, byte) else { return nil }
      node = next
    }
    return node
  }

  /// The node after one more byte, if any piece goes that way.
  @inline(__always)
  func step(from node: UInt32, _ byte: UInt8) -> UInt32? {
    let key = Self.key(node, byte)
    let mask = slots.count - 1
    var index = hash(key) & mask
    while true {
      let slot = slots[index]
      if slot >> 32 == UInt64(key) { return UInt32(truncatingIfNeeded: slot) }
      if slot == Self.empty { return nil }
      index = (index + 1) & mask
    }
  }

  /// The same for a code point's bytes.
  @inline(__always)
  func step(from node: UInt32, _ scalar: Unicode.Scalar) -> UInt32? {
    if scalar.isASCII { return step(from: node, UInt8(truncatingIfNeeded: scalar.value)) }
    var node = node
    for byte in UTF8.encode(scalar).unsafelyUnwrapped {
      guard let next = step(from: node, byte) else { return nil }
      node = next
    }
    return node
  }

  /// The id of the piece that ends at a node.
  @inline(__always)
  func id(at node: UInt32) -> Int? {
    let id = ids[Int(node)]
    return id < 0 ? nil : Int(id)
  }

  private mutating func child(of node: UInt32, _ byte: UInt8) throws(SmithError) -> UInt32 {
    if let present = step(from: node, byte) { return present }
    guard ids.count < Self.nodeLimit else {
      throw SmithError(.limit, "a vocabulary of more than \(Self.nodeLimit) different beginnings")
    }
    if used * 2 >= slots.count { grow() }
    let new = UInt32(ids.count)
    ids.append(-1)
    place(UInt64(Self.key(node, byte)) << 32 | UInt64(new))
    used += 1
    return new
  }

  private mutating func place(_ slot: UInt64) {
    let mask = slots.count - 1
    var index = hash(UInt32(slot >> 32)) & mask
    while slots[index] != Self.empty { index = (index + 1) & mask }
    slots[index] = slot
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: Self.empty, count: old.count * 2)
    for slot in old where slot != Self.empty { place(slot) }
  }

  private static func key(_ node: UInt32, _ byte: UInt8) -> UInt32 { node << 8 | UInt32(byte) }

  @inline(__always)
  private func hash(_ key: UInt32) -> Int {
    Int(truncatingIfNeeded: (UInt64(key) &* factor) >> 32)
  }
}
