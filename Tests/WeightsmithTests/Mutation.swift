/// A deterministic stream of damage: the same seed breaks the same bytes on every machine.
struct Mutation {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64 (Steele, Lea and Flood 2014).
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  private mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }

  /// A damaged copy, half of the time near the start, where headers and counts are.
  mutating func damage(_ bytes: [UInt8], isText: Bool) -> [UInt8] {
    var copy = bytes
    for _ in 0..<(1 + below(2)) { isText ? damageText(&copy) : damageBinary(&copy) }
    return copy
  }

  private mutating func damageBinary(_ bytes: inout [UInt8]) {
    guard bytes.count > 16 else { return }
    let reach = below(2) == 0 ? min(bytes.count, 256) : bytes.count
    let at = below(reach)
    switch below(8) {
    case 0: bytes[at] ^= 1 << below(8)
    case 1: bytes[at] = [0, 0x7F, 0x80, 0xFF, 0x20, 0x22][below(6)]
    case 2: bytes.removeLast(bytes.count - at)
    case 3:
      bytes.insert(contentsOf: [UInt8](repeating: UInt8(below(256)), count: 1 + below(9)), at: at)
    case 4: bytes.removeSubrange(at..<min(bytes.count, at + 1 + below(9)))
    case 5: for index in at..<min(bytes.count, at + 8) { bytes[index] = 0xFF }
    case 6: replaceNumber(&bytes, near: at)
    default:
      let other = below(bytes.count - 8)
      let here = min(at, bytes.count - 8)
      for index in 0..<8 { bytes.swapAt(here + index, other + index) }
    }
  }

  private mutating func damageText(_ bytes: inout [UInt8]) {
    guard bytes.count > 16 else { return }
    switch below(4) {
    case 0: damageBinary(&bytes)
    case 1:
      let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
      let line = below(lines.count)
      let repeated = lines[...line] + lines[line...]
      bytes = Array(repeated.joined(separator: [0x0A]))
    default: replaceNumber(&bytes, near: below(bytes.count))
    }
  }

  /// Puts something absurd where the next number stands.
  private mutating func replaceNumber(_ bytes: inout [UInt8], near start: Int) {
    let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
    guard let from = bytes[start...].firstIndex(where: isDigit) else { return }
    let to = bytes[from...].firstIndex { !isDigit($0) } ?? bytes.count
    let absurd = [
      "-1", "0", "1", "3", "4294967296", "1099511627776", "9223372036854775807",
      "18446744073709551616", "1e308", "1e999", "0.5", "null", "[]", "{}", "\"x\"", "true",
      "[[[[[[[[0]]]]]]]]", "",
    ]
    bytes.replaceSubrange(from..<to, with: Array(absurd[below(absurd.count)].utf8))
  }
}
