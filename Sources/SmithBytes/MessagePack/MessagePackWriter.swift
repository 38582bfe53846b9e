/// Appends MessagePack values, each in its shortest form, as the reference implementations do.
extension [UInt8] {
  public mutating func append(messagePackMap count: Int) {
    appendHead(count, short: (0x80, 16), codes: [(0xDE, 2), (0xDF, 4)])
  }

  public mutating func append(messagePackArray count: Int) {
    appendHead(count, short: (0x90, 16), codes: [(0xDC, 2), (0xDD, 4)])
  }

  public mutating func append(messagePack text: String) {
    let bytes = text.utf8
    appendHead(bytes.count, short: (0xA0, 32), codes: [(0xD9, 1), (0xDA, 2), (0xDB, 4)])
    self += bytes
  }

  public mutating func append(messagePack value: Bool) { append(value ? 0xC3 : 0xC2) }

  /// A number that is not negative.
  public mutating func append(messagePack value: Int) {
    precondition(value >= 0)
    appendHead(
      value, short: (0x00, 128), codes: [(0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)])
  }

  /// What stands before `count` bytes.
  public mutating func append(messagePackBinary count: Int) {
    appendHead(count, short: nil, codes: [(0xC4, 1), (0xC5, 2), (0xC6, 4)])
  }

  /// What stands before `count` bytes of an extension type.
  public mutating func append(messagePackExt code: Int8, count: Int) {
    if count.nonzeroBitCount == 1, count <= 16 {
      append(0xD4 + UInt8(count.trailingZeroBitCount))
    } else {
      appendHead(count, short: nil, codes: [(0xC7, 1), (0xC8, 2), (0xC9, 4)])
    }
    append(UInt8(bitPattern: code))
  }

  /// A count within the first byte, or behind the first code whose width holds it. Beyond all of them is the caller's mistake.
  private mutating func appendHead(
    _ count: Int, short: (code: UInt8, limit: Int)?, codes: [(code: UInt8, bytes: Int)]
  ) {
    if let short, count < short.limit {
      append(short.code | UInt8(count))
      return
    }
    let found = codes.first { $0.bytes == 8 || count >> (8 * $0.bytes) == 0 }
    guard let found else { preconditionFailure("\(count) does not fit into MessagePack") }
    append(found.code)
    for shift in (0..<found.bytes).reversed() {
      append(UInt8(truncatingIfNeeded: count >> (8 * shift)))
    }
  }
}
