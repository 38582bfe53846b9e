/// What the protobuf reader steps over: bytes in memory (`ByteCursor`) or a range of a file (`FileCursor`).
public protocol WireCursor {
  /// The file offset of the next byte.
  var position: Int { get }
  var remaining: Int { get }
  var isAtEnd: Bool { get }

  mutating func byte() throws(SmithError) -> UInt8
  /// A cursor over the next `count` bytes, which this one moves past; `.truncated` when there are fewer.
  mutating func slice(_ count: Int) throws(SmithError) -> Self
}

extension WireCursor {
  /// An unsigned LEB128 integer of at most 64 bits (formats §0.2): an 11th byte or bits past 64 are refused.
  public mutating func varint() throws(SmithError) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    for index in 0..<10 {
      let byte = try byte()
      if index == 9, byte > 1 { break }
      value |= UInt64(byte & 0x7F) << UInt64(7 * index)
      if byte < 0x80 { return value }
    }
    throw SmithError(
      .malformed, "a variable-length integer of more than 64 bits", at: Place(offset: start))
  }

  /// A fixed-width integer stored little endian.
  public mutating func littleEndian<T: FixedWidthInteger>(_ type: T.Type) throws(SmithError) -> T {
    var bytes = try slice(T.bitWidth / 8)
    var value: T = 0
    for shift in stride(from: 0, to: T.bitWidth, by: 8) {
      value |= T(truncatingIfNeeded: try bytes.byte()) << T(truncatingIfNeeded: shift)
    }
    return value
  }
}

extension ByteCursor: WireCursor {}
