import SmithBytes

/// The merges of a byte-pair vocabulary: which two neighbouring pieces become one, and how early.
struct PairTable: Sendable {
  /// What two pieces become; the merge of the least rank goes first.
  struct Merge: Sendable {
    var rank: UInt32
    var id: UInt32

    /// No merge: its rank is beyond all.
    static let none = Merge(rank: .max, id: 0)
  }

  private struct Slot {
    var pair: UInt64
    var merge: Merge
  }

  /// Open addressing.
  private var slots: [Slot]
  private var used = 0

  /// More merges than any vocabulary has.
  static let countLimit = 4 << 20
  private static let empty = UInt64.max
  private let factor = HashSeed.factor

  init(expecting count: Int = 0) {
    var capacity = 64
    while capacity < 2 * min(count, Self.countLimit) { capacity *= 2 }
    slots = Array(repeating: Slot(pair: Self.empty, merge: .none), count: capacity)
  }

  /// Sets what a pair becomes; of two merges of one pair the last counts, as in Hugging Face's tokenizers.
  mutating func set(_ left: Int, _ right: Int, _ merge: Merge) {
    if used * 2 >= slots.count { grow() }
    let pair = Self.pair(left, right)
    let index = place(of: pair)
    if slots[index].pair == Self.empty { used += 1 }
    slots[index] = Slot(pair: pair, merge: merge)
  }

  /// What a pair becomes, or `.none`.
  @inline(__always)
  func merge(_ left: Int, _ right: Int) -> Merge { slots[place(of: Self.pair(left, right))].merge }

  @inline(__always)
  private static func pair(_ left: Int, _ right: Int) -> UInt64 {
    UInt64(truncatingIfNeeded: left) << 32 | UInt64(UInt32(truncatingIfNeeded: right))
  }

  /// The slot of a pair, or the empty one where it would be.
  @inline(__always)
  private func place(of pair: UInt64) -> Int {
    let mask = slots.count - 1
    var index = Int(truncatingIfNeeded: (pair &* factor) >> 32) & mask
    while slots[index].pair != pair, slots[index].pair != Self.empty { index = (index + 1) & mask }
    return index
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: Slot(pair: Self.empty, merge: .none), count: old.count * 2)
    for slot in old where slot.pair != Self.empty { slots[place(of: slot.pair)] = slot }
  }
}
