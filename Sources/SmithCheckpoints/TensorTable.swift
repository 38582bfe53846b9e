import SmithBytes
import SmithTensors

/// Tensors in a fixed order, found by name. The hash table holds positions only: a file may list a million names, and a
/// dictionary would hold each of them a second time.
struct TensorTable: Sendable {
  private(set) var tensors: [TensorInfo] = []
  /// A power of two of them, at most half of them taken. The upper half of one is the upper half of the name's hash, so that names
  /// are seldom compared; the lower half is 1 + the position in `tensors`. 0 where nothing is.
  private var slots: [UInt64]

  /// `capacity` is about how many tensors will come.
  init(capacity: Int = 0) {
    tensors.reserveCapacity(capacity)
    slots = Self.slots(for: capacity)
  }

  /// False, and nothing changed, when the name is there already. Names are equal as strings are: however a character is composed.
  mutating func append(_ tensor: TensorInfo) -> Bool {
    if 2 * (tensors.count + 1) > slots.count { grow() }
    let (slot, tag) = slot(of: tensor.name)
    guard slots[slot] == 0 else { return false }
    tensors.append(tensor)
    slots[slot] = tag | UInt64(tensors.count)
    return true
  }

  func position(of name: String) -> Int? { position(in: slots[slot(of: name).index]) }

  private func position(in slot: UInt64) -> Int? {
    slot == 0 ? nil : Int(slot & 0xFFFF_FFFF) - 1
  }

  /// The slot that holds `name`, or the free one where it belongs. The hash is seeded, so no file can be made to collide.
  private func slot(of name: String) -> (index: Int, tag: UInt64) {
    let hash = UInt64(truncatingIfNeeded: name.hashValue)
    let tag = hash & 0xFFFF_FFFF_0000_0000
    var index = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while let position = position(in: slots[index]) {
      if slots[index] & 0xFFFF_FFFF_0000_0000 == tag, tensors[position].name == name { break }
      index = (index + 1) & (slots.count - 1)
    }
    return (index, tag)
  }

  private mutating func grow() {
    slots = Self.slots(for: 2 * tensors.count)
    for (position, tensor) in tensors.enumerated() {
      let (slot, tag) = slot(of: tensor.name)
      slots[slot] = tag | UInt64(position + 1)
    }
  }

  private static func slots(for capacity: Int) -> [UInt64] {
    var count = 16
    while count < 2 * capacity { count *= 2 }
    return [UInt64](repeating: 0, count: count)
  }
}
