import SmithBytes
import SmithTensors

extension StateDictPickle {
  mutating func write(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

  /// Remembers the value just written under the next index, and the index for `value`.
  mutating func memoize(_ value: Memoized? = nil) {
    if let value { memo[value] = memoCount }
    if memoCount < 256 {
      write(.binPut)
      bytes.append(UInt8(memoCount))
    } else {
      write(.longBinPut)
      bytes.append(littleEndian: UInt32(truncatingIfNeeded: memoCount))
    }
    memoCount += 1
  }

  /// Whether the value was written before; then a reference to it is.
  private mutating func recall(_ value: Memoized) -> Bool {
    guard let index = memo[value] else { return false }
    if index < 256 {
      write(.binGet)
      bytes.append(UInt8(index))
    } else {
      write(.longBinGet)
      bytes.append(littleEndian: UInt32(truncatingIfNeeded: index))
    }
    return true
  }

  mutating func write(global module: String, _ name: String) {
    let line = "\(module)\n\(name)\n"
    if recall(.global(line)) { return }
    write(.global)
    bytes += Array(line.utf8)
    memoize(.global(line))
  }

  mutating func write(text: String, isShared: Bool) {
    if isShared, recall(.text(text)) { return }
    write(.binUnicode)
    let content = Array(text.utf8)
    bytes.append(littleEndian: UInt32(truncatingIfNeeded: content.count))
    bytes += content
    memoize(isShared ? .text(text) : nil)
  }

  /// In the shortest form.
  mutating func write(integer: Int) {
    switch integer {
    case Int(Int32.min)..<0:
      write(.binInt)
      bytes.append(littleEndian: UInt32(bitPattern: Int32(truncatingIfNeeded: integer)))
    case 0...0xFF:
      write(.binInt1)
      bytes.append(UInt8(integer))
    case 0...0xFFFF:
      write(.binInt2)
      bytes.append(littleEndian: UInt16(integer))
    case 0...Int(Int32.max):
      write(.binInt)
      bytes.append(littleEndian: UInt32(integer))
    default:
      // Two's complement with room for the sign.
      let magnitude = integer < 0 ? ~integer : integer
      let count = (Int.bitWidth - magnitude.leadingZeroBitCount) / 8 + 1
      write(.long1)
      bytes.append(UInt8(count))
      for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: integer >> (8 * index))) }
    }
  }

  mutating func write(tuple: [Int]) {
    guard !tuple.isEmpty else { return write(.emptyTuple) }
    let short: [PickleOpcode] = [.tuple1, .tuple2, .tuple3]
    if tuple.count > short.count { write(.mark) }
    for number in tuple { write(integer: number) }
    write(tuple.count > short.count ? .tuple : short[tuple.count - 1])
    memoize()
  }
}
