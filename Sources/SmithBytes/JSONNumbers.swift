extension JSONScanner {
  /// A number: `.integer` where it is written as one and fits in 64 bits, else `.number`; `.limit` beyond the range of doubles.
  public mutating func number() throws(SmithError) -> JSON {
    _ = try nextByte()
    let start = position
    let token = try numberToken()
    if token.isInteger, let value = integer(in: token.range) { return .integer(value) }
    // The grammar was checked, so the conversion only fails where the standard library would.
    guard let value = Double(String(decoding: bytes[token.range], as: UTF8.self)) else {
      throw error(.malformed, "a number expected", at: start)
    }
    guard value.isFinite else { throw error(.limit, "a number beyond double range", at: start) }
    return .number(value)
  }

  /// A number written without sign, fraction and exponent, up to 2^63 - 1: a size, an offset, a dimension.
  public mutating func unsignedInteger() throws(SmithError) -> Int {
    guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(try nextByte()) else {
      throw error(.malformed, "a whole number that is not negative expected")
    }
    let start = position
    let token = try numberToken()
    guard token.isInteger else { throw error(.malformed, "a whole number expected", at: start) }
    guard let value = integer(in: token.range) else {
      throw error(.limit, "a number that does not fit in 63 bits", at: start)
    }
    return value
  }

  /// Passes over `-? int frac? exp?` (RFC 8259 section 6).
  private mutating func numberToken() throws(SmithError) -> (range: Range<Int>, isInteger: Bool) {
    let start = position
    if peekByte() == UInt8(ascii: "-") { position += 1 }
    if peekByte() == UInt8(ascii: "0") {
      position += 1
    } else {
      try digits()
    }
    var isInteger = true
    if peekByte() == UInt8(ascii: ".") {
      position += 1
      try digits()
      isInteger = false
    }
    if let byte = peekByte(), byte | 0x20 == UInt8(ascii: "e") {
      position += 1
      if let sign = peekByte(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
        position += 1
      }
      try digits()
      isInteger = false
    }
    if let byte = peekByte(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      throw error(.malformed, "a number with a leading zero")
    }
    return (start..<position, isInteger)
  }

  private mutating func digits() throws(SmithError) {
    let start = position
    while let byte = peekByte(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      position += 1
    }
    guard position > start else {
      throw error(position < bytes.count ? .malformed : .truncated, "a digit expected")
    }
  }

  private func peekByte() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  /// The value of checked digits; nil where 64 bits are too few, and for -0, which only a double can hold.
  private func integer(in range: Range<Int>) -> Int? {
    let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
    var value = 0
    for index in range.dropFirst(isNegative ? 1 : 0) {
      let digit = Int(bytes[index] - UInt8(ascii: "0"))
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(isNegative ? -digit : digit)
      if overflow || carry { return nil }
      value = sum
    }
    return isNegative && value == 0 ? nil : value
  }
}
