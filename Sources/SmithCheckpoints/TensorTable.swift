import SmithBytes
import SmithTensors

/// Tensors in a fixed order, found by name. The hash table holds positions only: a file may list a million names, and a
/// dictionary would hold each of them a second time.
struct TensorTable: Sendable {
  private(set) var tensors: [TensorInfo] = []
  /// 1 + the position in `tensors`, 0 where nothing is; a power of two of them, at most half of them taken.
  private var slots: [Int32]

  /// `capacity` is about how many tensors will come.
  init(capacity: Int = 0) {
    tensors.reserveCapacity(capacity)
    slots = Self.slots(for: capacity)
  }

  /// False, and nothing changed, when the name is there already. Names are equal as strings are: however a character is composed.
  mutating func append(_ tensor: TensorInfo) -> Bool {
    if 2 * (tensors.count + 1) > slots.count { grow() }
    let slot = slot(of: tensor.name)
    guard slots[slot] == 0 else { return false }
    tensors.append(tensor)
    slots[slot] = Int32(tensors.count)
    return true
  }

  func position(of name: String) -> Int? {
    let found = slots[slot(of: name)]
    return found == 0 ? nil : Int(found) - 1
  }

  /// The slot that holds `name`, or the free one where it belongs. The hash is seeded, so no file can be made to collide.
  private func slot(of name: String) -> Int {
    var slot = name.hashValue & (slots.count - 1)
    while slots[slot] != 0, tensors[Int(slots[slot]) - 1].name != name {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private mutating func grow() {
    slots = Self.slots(for: 2 * tensors.count)
    for (position, tensor) in tensors.enumerated() {
      slots[slot(of: tensor.name)] = Int32(position + 1)
    }
  }

  private static func slots(for capacity: Int) -> [Int32] {
    var count = 16
    while count < 2 * capacity { count *= 2 }
    return [Int32](repeating: 0, count: count)
  }
}
