import CKernels

/// CRC-32C (Castagnoli) of bytes given in pieces. TensorFlow, and our own read-back check, use it.
public struct CRC32C: Hashable, Sendable {
  public private(set) var value: UInt32 = 0

  public init() {}

  public mutating func update(_ bytes: RawSpan) {
    value = bytes.withUnsafeBytes { ws_crc32c(value, $0.baseAddress, $0.count) }
  }

  public mutating func update(_ bytes: [UInt8]) {
    value = bytes.withUnsafeBytes { ws_crc32c(value, $0.baseAddress, $0.count) }
  }

  public static func of(_ bytes: [UInt8]) -> UInt32 {
    var crc = CRC32C()
    crc.update(bytes)
    return crc.value
  }

  /// LevelDB's masked form, as TensorFlow stores it (formats §0.3).
  public static func mask(_ crc: UInt32) -> UInt32 { (crc >> 15 | crc << 17) &+ 0xA282_EAD8 }
}
