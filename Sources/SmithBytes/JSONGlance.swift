extension JSONScanner {
  /// Offers the text ahead to a reader of one exact spelling. Where that gives nil nothing is consumed, and the caller reads
  /// the same text by the grammar.
  ///
  /// Most files are written by two or three programs. What they write is recognised at a glance, some five times faster;
  /// everything else, and every error, is left to the methods that know all of JSON.
  public mutating func glance<Value>(_ read: (Span<UInt8>, inout Int) -> Value?) -> Value? {
    var end = position
    guard let value = read(bytes.span, &end) else { return nil }
    position = end
    return value
  }
}

extension Span<UInt8> {
  /// Moves `position` past `text` if that is what stands there.
  @inlinable @inline(__always)
  public func skip(_ text: StaticString, at position: inout Int) -> Bool {
    let length = text.utf8CodeUnitCount
    guard length <= count - position else { return false }
    let isThere = text.withUTF8Buffer { wanted in
      for index in 0..<length where self[position + index] != wanted[index] { return false }
      return true
    }
    if isThere { position += length }
    return isThere
  }

  /// The number at `position`: up to 18 digits without a leading zero, so that it fits in 63 bits.
  @inlinable @inline(__always)
  public func digits(at position: inout Int) -> Int? {
    let start = position
    var value = 0
    while position < count, position - start <= 18 {
      let digit = self[position] &- UInt8(ascii: "0")
      if digit > 9 { break }
      value = value &* 10 &+ Int(digit)
      position += 1
    }
    let length = position - start
    guard length > 0, length <= 18, length == 1 || self[start] != UInt8(ascii: "0") else {
      return nil
    }
    return value
  }

  /// The bytes up to the next quotation mark, at most eight, as one number with the first byte lowest; the mark is passed.
  @inlinable @inline(__always)
  public func word(at position: inout Int) -> UInt64? {
    var word: UInt64 = 0
    for index in 0..<8 where position < count {
      let byte = self[position]
      position += 1
      if byte == UInt8(ascii: "\"") { return word }
      word |= UInt64(byte) << UInt64(8 * index)
    }
    return nil
  }
}
