import SmithBytes

/// Checks the layout of a stored string tensor, fed piece by piece: a varint length per element, a masked CRC-32C of the
/// lengths, the strings joined (formats §2.3).
///
/// Both checksums take a length as 4 little-endian bytes (8 beyond 32 bits), not as the varint on disk.
struct StringTensor {
  static let checksumBytes = 4

  private var lengthsLeft: Int
  private var varint: UInt64 = 0
  private var varintBits: UInt64 = 0
  private var trailer: [UInt8] = []
  private var bytesLeft = 0
  private var lengthsCRC = CRC32C()
  private var crc = CRC32C()

  init(elements: Int) { lengthsLeft = elements }

  /// Takes the next bytes. `.malformed` for a broken length or bytes left over, `.checksum` for wrong lengths.
  mutating func feed(_ bytes: [UInt8]) throws(SmithError) {
    var index = 0
    while index < bytes.count, lengthsLeft > 0 {
      try feedLength(bytes[index])
      index += 1
    }
    while index < bytes.count, trailer.count < Self.checksumBytes {
      trailer.append(bytes[index])
      index += 1
      if trailer.count == Self.checksumBytes { try checkLengths() }
    }
    guard bytes.count - index <= bytesLeft else {
      throw SmithError(.malformed, "more bytes than the lengths of its strings say")
    }
    bytesLeft -= bytes.count - index
    crc.update(Array(bytes[index...]))
  }

  /// The CRC-32C of the whole tensor; `.malformed` where bytes are missing.
  func finish() throws(SmithError) -> UInt32 {
    guard lengthsLeft == 0, trailer.count == Self.checksumBytes, bytesLeft == 0 else {
      throw SmithError(.malformed, "fewer bytes than the lengths of its strings say")
    }
    return crc.value
  }

  private mutating func feedLength(_ byte: UInt8) throws(SmithError) {
    guard varintBits < 63 else {
      throw SmithError(.malformed, "a string length of more than 63 bits")
    }
    varint |= UInt64(byte & 0x7F) << varintBits
    varintBits += 7
    if byte >= 0x80 { return }
    bytesLeft = try bytesLeft.adding(checked: Int(varint))
    var fixed: [UInt8] = []
    if let short = UInt32(exactly: varint) {
      fixed.append(littleEndian: short)
    } else {
      fixed.append(littleEndian: varint)
    }
    lengthsCRC.update(fixed)
    (varint, varintBits) = (0, 0)
    lengthsLeft -= 1
  }

  private mutating func checkLengths() throws(SmithError) {
    var cursor = ByteCursor(trailer)
    guard checksumsAgree(try cursor.littleEndian(UInt32.self), CRC32C.mask(lengthsCRC.value)) else {
      throw SmithError(.checksum, "the lengths of its strings are damaged")
    }
    crc = lengthsCRC
    crc.update(trailer)
  }
}
