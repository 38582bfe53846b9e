/// "Ordered code": encodings whose byte order is the order of the values. The key of a slice is made of them (formats §2.4).
enum OrderedCode {
  /// A count byte, then that many significant bytes, big endian.
  static func appendNumber(_ value: UInt64, to bytes: inout [UInt8]) {
    let count = (64 - value.leadingZeroBitCount + 7) / 8
    bytes.append(UInt8(count))
    for index in (0..<count).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
    }
  }

  /// The bytes with 00 and FF escaped, and the terminator 00 01.
  static func appendString(_ text: [UInt8], to bytes: inout [UInt8]) {
    for byte in text {
      bytes.append(byte)
      if byte == 0x00 { bytes.append(0xFF) }
      if byte == 0xFF { bytes.append(0x00) }
    }
    bytes += [0x00, 0x01]
  }

  /// The two's complement in the fewest bytes n such that it needs at most 7 n bits, xored with n ones from the top.
  static func appendSigned(_ value: Int64, to bytes: inout [UInt8]) {
    // The bits a two's complement needs, its sign among them.
    let bits = 65 - (value < 0 ? ~value : value).leadingZeroBitCount
    let count = (bits + 6) / 7
    // n ones at the top; n is at most 10, so they end in the second byte.
    let header = ~(UInt16.max >> UInt16(count))
    for index in 0..<count {
      let shift = 8 * (count - 1 - index)
      var byte = UInt8(truncatingIfNeeded: shift >= 64 ? value >> 63 : value >> Int64(shift))
      if index == 0 { byte ^= UInt8(truncatingIfNeeded: header >> 8) }
      if index == 1 { byte ^= UInt8(truncatingIfNeeded: header) }
      bytes.append(byte)
    }
  }
}
