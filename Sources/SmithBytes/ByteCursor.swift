/// Reads values out of untrusted bytes, front to back. Every read is checked against the bytes left before anything is loaded.
///
/// Errors carry the byte offset in the file: `base` is where `bytes` starts in it.
public struct ByteCursor: Sendable {
  public let bytes: [UInt8]
  public private(set) var offset: Int
  public let end: Int
  /// The file offset of `bytes[0]`.
  public let base: Int

  public init(_ bytes: [UInt8], base: Int = 0) {
    self.bytes = bytes
    self.offset = 0
    self.end = bytes.count
    self.base = base
  }

  private init(_ bytes: [UInt8], range: Range<Int>, base: Int) {
    self.bytes = bytes
    self.offset = range.lowerBound
    self.end = range.upperBound
    self.base = base
  }

  public var remaining: Int { end - offset }
  public var isAtEnd: Bool { offset == end }
  /// The file offset of the next byte.
  public var position: Int { base + offset }

  /// Moves past `count` bytes and returns their range in `bytes`; `.truncated` when there are fewer.
  public mutating func take(_ count: Int) throws(SmithError) -> Range<Int> {
    guard count >= 0, count <= remaining else {
      throw SmithError(
        .truncated, "\(count) bytes wanted, \(remaining) left", at: Place(offset: position))
    }
    defer { offset += count }
    return offset..<(offset + count)
  }

  /// A cursor over the next `count` bytes, which this one moves past.
  public mutating func slice(_ count: Int) throws(SmithError) -> ByteCursor {
    ByteCursor(bytes, range: try take(count), base: base)
  }

  public mutating func byte() throws(SmithError) -> UInt8 { bytes[try take(1).lowerBound] }

  public mutating func array(_ count: Int) throws(SmithError) -> [UInt8] {
    Array(bytes[try take(count)])
  }

  /// A fixed-width integer stored little endian.
  public mutating func littleEndian<T: FixedWidthInteger>(_ type: T.Type) throws(SmithError) -> T {
    var value: T = 0
    for (shift, index) in try take(T.bitWidth / 8).enumerated() {
      value |= T(truncatingIfNeeded: bytes[index]) << T(truncatingIfNeeded: 8 * shift)
    }
    return value
  }

  /// `count` bytes as UTF-8, or `.malformed`.
  public mutating func utf8(_ count: Int) throws(SmithError) -> String {
    let start = position
    guard let text = String(validating: bytes[try take(count)], as: UTF8.self) else {
      throw SmithError(.malformed, "text that is not UTF-8", at: Place(offset: start))
    }
    return text
  }
}
