/// The signatures and fixed sizes of the zip format (APPNOTE 4.3; formats §0.5).
enum ZipSignature {
  static let local: UInt32 = 0x0403_4B50
  static let descriptor: UInt32 = 0x0807_4B50
  static let central: UInt32 = 0x0201_4B50
  static let end: UInt32 = 0x0605_4B50
  static let end64: UInt32 = 0x0606_4B50
  static let locator64: UInt32 = 0x0706_4B50
}

enum ZipFlag {
  static let encrypted: UInt16 = 1 << 0
  /// Sizes and CRC follow the data; the local header may say 0.
  static let descriptor: UInt16 = 1 << 3
  static let patch: UInt16 = 1 << 5
  static let strongEncryption: UInt16 = 1 << 6
  static let utf8: UInt16 = 1 << 11
  static let maskedHeader: UInt16 = 1 << 13
}

/// The extra fields of a header: id, length, bytes, again and again.
struct ZipExtra {
  /// The zip64 field, id 1.
  private(set) var zip64: ByteCursor?

  /// `.malformed` for a field beyond the end, `.mismatch` for two zip64 fields. Fewer than 4 bytes at the end are padding.
  init(_ cursor: ByteCursor) throws(SmithError) {
    var cursor = cursor
    while cursor.remaining >= 4 {
      let start = cursor.position
      let id = try cursor.littleEndian(UInt16.self)
      let count = Int(try cursor.littleEndian(UInt16.self))
      guard count <= cursor.remaining else {
        throw SmithError(.malformed, "an extra field beyond its header", at: Place(offset: start))
      }
      let field = try cursor.slice(count)
      guard id == 1 else { continue }
      guard zip64 == nil else {
        throw SmithError(.mismatch, "two zip64 fields", at: Place(offset: start))
      }
      zip64 = field
    }
  }

  /// A size or offset of 32 bits, or the next 64-bit one of the zip64 field where it is 0xFFFFFFFF and there is such a field.
  mutating func resolve(_ short: UInt32) throws(SmithError) -> Int {
    guard short == .max, var field = zip64 else { return Int(short) }
    let long = try field.littleEndian(UInt64.self)
    zip64 = field
    return try Int(checked: long)
  }
}
