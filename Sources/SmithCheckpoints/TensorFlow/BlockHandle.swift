import SmithBytes

/// Where a block lies in a table file (formats §2.2). `size` leaves out the 5 bytes of type and checksum behind it.
struct BlockHandle: Hashable, Sendable {
  /// One byte of compression type, four of masked CRC-32C.
  static let trailerBytes = 5

  var offset: Int
  var size: Int

  init(offset: Int, size: Int) {
    self.offset = offset
    self.size = size
  }

  /// Two unsigned varints; `.limit` where one does not fit in 63 bits.
  init(_ cursor: inout ByteCursor) throws(SmithError) {
    let place = cursor.position
    do throws(SmithError) {
      offset = try Int(checked: try cursor.varint())
      size = try Int(checked: try cursor.varint())
    } catch { throw error.at(offset: place) }
  }

  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(varint: UInt64(offset))
    bytes.append(varint: UInt64(size))
    return bytes
  }

  /// The first byte behind the block and its trailer; `.malformed` when that is beyond `end`, `place` being where the handle stands.
  func end(within end: Int, at place: Int) throws(SmithError) -> Int {
    guard size <= end - Self.trailerBytes, offset <= end - Self.trailerBytes - size else {
      throw SmithError(
        .malformed, "a block of \(size) bytes at \(offset), where blocks end at \(end)",
        at: Place(offset: place))
    }
    return offset + size + Self.trailerBytes
  }
}
