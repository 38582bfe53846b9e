extension JSONScanner {
  /// A string value or key, escapes resolved.
  public mutating func string() throws(SmithError) -> String {
    guard try nextByte() == UInt8(ascii: "\"") else { throw error(.malformed, "a string expected") }
    let start = position + 1
    var index = plainEnd(from: start)
    var union: UInt8 = 0
    while index < bytes.count {
      let byte = bytes[index]
      union |= byte
      switch byte {
      case UInt8(ascii: "\""):
        position = index + 1
        return try text(start..<index, isASCII: union < 0x80)
      case UInt8(ascii: "\\"): return try escapedString(from: start, firstEscape: index)
      case 0..<0x20: throw error(.malformed, "a control character in a string", at: index)
      default: index += 1
      }
    }
    throw error(.truncated, "the text ends inside a string", at: bytes.count)
  }

  /// The end of the bytes from `start` on, eight at a time, that are ASCII and neither a quotation mark nor a backslash nor a
  /// control character; a few more may follow.
  private func plainEnd(from start: Int) -> Int {
    func each(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }
    let text = bytes.span.bytes
    var index = start
    while index + 8 <= text.byteCount {
      let word = text.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
      // The high bit of a byte: set where it is 0x80 or more, or where the subtraction borrows, that is where it is smaller.
      let (quotes, slashes) = (word ^ each(0x22), word ^ each(0x5C))
      let special = (quotes &- each(1)) | (slashes &- each(1)) | (word &- each(0x20)) | word
      if special & each(0x80) != 0 { return index }
      index += 8
    }
    return index
  }

  private func text(_ range: Range<Int>, isASCII: Bool) throws(SmithError) -> String {
    // `validating` walks a slice byte by byte; `decoding` copies it, and repairs nothing in ASCII.
    if isASCII { return String(decoding: bytes[range], as: UTF8.self) }
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw error(.malformed, "text that is not UTF-8", at: range.lowerBound)
    }
    return text
  }

  /// The slow way, for strings with escapes: whole bytes are gathered, then validated once.
  private mutating func escapedString(
    from start: Int, firstEscape: Int
  ) throws(SmithError) -> String {
    var gathered = Array(bytes[start..<firstEscape])
    position = firstEscape
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard let text = String(validating: gathered, as: UTF8.self) else {
          throw error(.malformed, "text that is not UTF-8", at: start)
        }
        return text
      case UInt8(ascii: "\\"): gathered.append(contentsOf: String(try escape()).utf8)
      case 0..<0x20: throw error(.malformed, "a control character in a string")
      default:
        gathered.append(byte)
        position += 1
      }
    }
    throw error(.truncated, "the text ends inside a string")
  }

  /// One escape, which begins at `position`.
  private mutating func escape() throws(SmithError) -> Unicode.Scalar {
    let start = position
    guard start + 1 < bytes.count else { throw error(.truncated, "the text ends inside a string") }
    position += 2
    switch bytes[start + 1] {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape(from: start)
    default: throw error(.malformed, "an unknown escape", at: start)
    }
  }

  /// The rest of `\uXXXX`, and of the pair where that is a high surrogate.
  private mutating func unicodeEscape(from start: Int) throws(SmithError) -> Unicode.Scalar {
    let unit = try hexDigits()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    let lone = error(.malformed, "a lone surrogate", at: start)
    guard UTF16.isLeadSurrogate(UInt16(truncatingIfNeeded: unit)),
      position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    else { throw lone }
    position += 2
    let trail = try hexDigits()
    guard (0xDC00..<0xE000).contains(trail),
      let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (trail - 0xDC00))
    else { throw lone }
    return scalar
  }

  private mutating func hexDigits() throws(SmithError) -> UInt32 {
    guard bytes.count - position >= 4 else {
      throw error(.truncated, "the text ends inside a string", at: bytes.count)
    }
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = bytes[position]
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw error(.malformed, "four hexadecimal digits expected")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
