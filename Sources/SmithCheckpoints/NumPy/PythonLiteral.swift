import SmithBytes

/// The few Python literals of an array header: strings, True and False, tuples of integers. Nothing is evaluated.
struct PythonLiteral {
  private let bytes: [UInt8]
  private var next = 0
  private let base: Int

  init(_ bytes: [UInt8], base: Int) {
    self.bytes = bytes
    self.base = base
  }

  /// The offset of the next byte that is no space.
  var position: Int {
    mutating get {
      skipSpaces()
      return base + next
    }
  }

  private mutating func skipSpaces() {
    while next < bytes.count, bytes[next] == 0x20 || (9...13).contains(bytes[next]) { next += 1 }
  }

  mutating func isNext(_ character: Unicode.Scalar) -> Bool {
    skipSpaces()
    return next < bytes.count && bytes[next] == UInt8(ascii: character)
  }

  /// Moves past the character if it is next.
  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard isNext(character) else { return false }
    next += 1
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws(SmithError) {
    guard take(character) else { throw malformed("expected '\(character)'") }
  }

  /// Only spaces are left.
  mutating func finish() throws(SmithError) {
    skipSpaces()
    if next < bytes.count { throw malformed("text after the dictionary") }
  }

  /// Text in single or double quotes, without escapes.
  mutating func string(isUTF8: Bool) throws(SmithError) -> String {
    skipSpaces()
    guard next < bytes.count, bytes[next] == UInt8(ascii: "'") || bytes[next] == UInt8(ascii: "\"")
    else { throw malformed("expected a string") }
    let start = next + 1
    guard let end = bytes[start...].firstIndex(of: bytes[next]) else {
      throw malformed("a string without an end")
    }
    let content = bytes[start..<end]
    guard !content.contains(UInt8(ascii: "\\")) else { throw malformed("an escape in a string") }
    defer { next = end + 1 }
    if !isUTF8 { return String(String.UnicodeScalarView(content.map { Unicode.Scalar($0) })) }
    guard let text = String(validating: content, as: UTF8.self) else {
      throw malformed("text that is not UTF-8")
    }
    return text
  }

  mutating func boolean() throws(SmithError) -> Bool {
    skipSpaces()
    for (word, value) in [("True", true), ("False", false)]
    where bytes[next...].starts(with: word.utf8) {
      next += word.utf8.count
      return value
    }
    throw malformed("expected True or False")
  }

  /// `(3, 4)`, `(3,)`, `()`; Python 2 wrote `(3L, 4L)`.
  mutating func tuple(maxCount: Int) throws(SmithError) -> [Int] {
    try expect("(")
    var values: [Int] = []
    while !take(")") {
      guard values.count < maxCount else { throw malformed("more than \(maxCount) dimensions") }
      values.append(try integer())
      _ = take("L")
      if take(",") { continue }
      // (3) is no tuple.
      guard values.count != 1 else { throw malformed("expected ','") }
      try expect(")")
      break
    }
    return values
  }

  private mutating func integer() throws(SmithError) -> Int {
    skipSpaces()
    var value = 0
    let start = next
    while next < bytes.count, (0x30...0x39).contains(bytes[next]) {
      value = try value.multiplied(checked: 10).adding(checked: Int(bytes[next]) - 0x30)
      next += 1
    }
    if next == start { throw malformed("expected a whole number") }
    return value
  }

  /// Moves past a list of whatever, by its brackets.
  mutating func skipList() throws(SmithError) {
    var depth = 0
    repeat {
      skipSpaces()
      guard next < bytes.count else { throw malformed("a list without an end") }
      switch bytes[next] {
      case UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "'"), UInt8(ascii: "\""):
        _ = try string(isUTF8: false)
        continue
      default: break
      }
      next += 1
    } while depth > 0
  }

  private func malformed(_ detail: String) -> SmithError {
    SmithError(.malformed, "array header: \(detail)", at: Place(offset: base + next))
  }
}
