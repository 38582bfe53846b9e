import CKernels
import CZlib

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

/// CRC-32 (the polynomial of zip and gzip) of bytes given in pieces. zlib's, after what the processor can fold at several times its speed.
public struct CRC32: Hashable, Sendable {
  public private(set) var value: UInt32 = 0

  public init() {}

  public mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { buffer in
      var rest = [UInt8](repeating: 0, count: 16)
      let folded = ws_crc32_fold(value, buffer.baseAddress, buffer.count, &rest)
      if folded > 0 { value = rest.withUnsafeBytes { Self.table(.max, $0) } }
      value = Self.table(value, UnsafeRawBufferPointer(rebasing: buffer[folded...]))
    }
  }

  public mutating func update(_ bytes: [UInt8]) { update(bytes.span.bytes) }

  private static func table(_ crc: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    // For no bytes at all zlib gives the value of an empty message, not `crc`.
    guard let base = bytes.baseAddress else { return crc }
    return UInt32(crc32_z(UInt(crc), base.assumingMemoryBound(to: UInt8.self), bytes.count))
  }

  public static func of(_ bytes: [UInt8]) -> UInt32 {
    var crc = CRC32()
    crc.update(bytes)
    return crc.value
  }

  /// The sum of two runs of bytes one after the other, the second of `count` bytes.
  public static func combine(_ first: UInt32, _ second: UInt32, count: Int) -> UInt32 {
    UInt32(crc32_combine(UInt(first), UInt(second), count))
  }
}

/// Whether a stored checksum is the computed one.
///
/// Always true in a fuzzing build: what lies behind a checksum could not be reached by changing bytes otherwise, and an attacker writes
/// right checksums.
public func checksumsAgree(_ stored: UInt32, _ computed: UInt32) -> Bool {
  #if FUZZING
    true
  #else
    stored == computed
  #endif
}

/// A checksum chosen at run time: the one that a container stores is computed while its tensors are written.
public enum Checksum: Hashable, Sendable {
  case crc32c(CRC32C)
  case crc32(CRC32)

  public enum Kind: Hashable, Sendable { case crc32c, crc32 }

  public init(_ kind: Kind) {
    switch kind {
    case .crc32c: self = .crc32c(CRC32C())
    case .crc32: self = .crc32(CRC32())
    }
  }

  public var value: UInt32 {
    switch self {
    case .crc32c(let sum): sum.value
    case .crc32(let sum): sum.value
    }
  }

  public mutating func update(_ bytes: [UInt8]) { update(bytes.span.bytes) }

  public mutating func update(_ bytes: RawSpan) {
    switch self {
    case .crc32c(var sum):
      sum.update(bytes)
      self = .crc32c(sum)
    case .crc32(var sum):
      sum.update(bytes)
      self = .crc32(sum)
    }
  }
}
