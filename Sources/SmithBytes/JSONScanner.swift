/// Pulls JSON out of bytes value by value, without building a tree: what reads a 7 MB header in milliseconds.
///
/// Strict RFC 8259: no byte order mark, no trailing comma, no control characters in strings, no lone surrogates. Errors
/// carry the byte offset in the file. The caller decides what a duplicate key means.
/// ```swift
/// try scanner.beginObject()
/// while let key = try scanner.nextKey() { … one value … }
/// try scanner.finish()
/// ```
public struct JSONScanner: Sendable {
  let bytes: [UInt8]
  /// The index of the next byte in the text.
  public internal(set) var position = 0
  private let base: Int
  private let depthLimit: Int
  /// The arrays and objects that are open, innermost last.
  private var open: [Container] = []

  private struct Container {
    let isObject: Bool
    var hasElement = false
  }

  /// `base` is the file offset of the text's first byte.
  public init(_ bytes: [UInt8], base: Int = 0, depthLimit: Int = 64) {
    self.bytes = bytes
    self.base = base
    self.depthLimit = depthLimit
  }

  /// What the next value is, by its first byte.
  public enum Kind: Sendable { case null, bool, number, string, array, object }

  /// The kind of the value that follows; nothing is consumed but white space.
  public mutating func peek() throws(SmithError) -> Kind {
    switch try nextByte() {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw error(.malformed, "a value expected")
    }
  }

  public mutating func beginObject() throws(SmithError) {
    try begin(UInt8(ascii: "{"), "an object")
  }
  public mutating func beginArray() throws(SmithError) { try begin(UInt8(ascii: "["), "an array") }

  /// The next key of the object begun last, its colon consumed; nil at the object's end, which is consumed too.
  public mutating func nextKey() throws(SmithError) -> String? {
    guard try advance(closing: UInt8(ascii: "}")) else { return nil }
    let key = try string()
    guard try nextByte() == UInt8(ascii: ":") else { throw error(.malformed, "a colon expected") }
    position += 1
    return key
  }

  /// Whether the array begun last has another element; its end is consumed.
  public mutating func nextElement() throws(SmithError) -> Bool {
    try advance(closing: UInt8(ascii: "]"))
  }

  public mutating func null() throws(SmithError) { try literal("null") }

  public mutating func bool() throws(SmithError) -> Bool {
    let value = try nextByte() == UInt8(ascii: "t")
    try literal(value ? "true" : "false")
    return value
  }

  /// Passes over one value of any kind, checking its grammar.
  public mutating func skipValue() throws(SmithError) {
    let outer = open.count
    repeat {
      if open.count > outer, try !nextInside() { continue }
      switch try peek() {
      case .object: try beginObject()
      case .array: try beginArray()
      case .string: _ = try string()
      case .number: _ = try number()
      case .bool: _ = try bool()
      case .null: try null()
      }
    } while open.count > outer
  }

  /// Requires that only white space is left.
  public mutating func finish() throws(SmithError) {
    skipSpace()
    if position < bytes.count { throw error(.malformed, "something follows the JSON text") }
  }

  /// An error at the next byte, or at `index`.
  public func error(_ kind: SmithError.Kind, _ detail: String, at index: Int? = nil) -> SmithError {
    SmithError(kind, detail, at: Place(offset: base + (index ?? position)))
  }
}

extension JSONScanner {
  /// In `skipValue`: moves to the next value of the container that is open, whichever kind it is.
  private mutating func nextInside() throws(SmithError) -> Bool {
    if open.last?.isObject == true { return try nextKey() != nil }
    return try nextElement()
  }

  private mutating func begin(_ byte: UInt8, _ what: String) throws(SmithError) {
    guard try nextByte() == byte else { throw error(.malformed, "\(what) expected") }
    guard open.count < depthLimit else {
      throw error(.limit, "nested more than \(depthLimit) deep")
    }
    position += 1
    open.append(Container(isObject: byte == UInt8(ascii: "{")))
  }

  /// Past a comma to the next element, or past `closing`. A caller that closes the wrong container finds no element.
  private mutating func advance(closing: UInt8) throws(SmithError) -> Bool {
    guard let container = open.last else { throw error(.malformed, "no array or object is open") }
    let byte = try nextByte()
    if byte == closing {
      position += 1
      open.removeLast()
      return false
    }
    if container.hasElement {
      guard byte == UInt8(ascii: ",") else { throw error(.malformed, "a comma expected") }
      position += 1
      if try nextByte() == closing { throw error(.malformed, "a comma without a value after it") }
    }
    open[open.count - 1].hasElement = true
    return true
  }

  private mutating func literal(_ word: StaticString) throws(SmithError) {
    skipSpace()
    for offset in 0..<word.utf8CodeUnitCount {
      guard position + offset < bytes.count else { throw error(.truncated, "the text ends early") }
      let expected = word.withUTF8Buffer { $0[offset] }
      guard bytes[position + offset] == expected else {
        throw error(.malformed, "\(word) expected")
      }
    }
    position += word.utf8CodeUnitCount
  }

  /// The next byte that is not white space, unconsumed.
  mutating func nextByte() throws(SmithError) -> UInt8 {
    skipSpace()
    guard position < bytes.count else { throw error(.truncated, "the text ends early") }
    return bytes[position]
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      let byte = bytes[position]
      if byte > 0x20 || byte != 0x20 && byte != 0x0A && byte != 0x0D && byte != 0x09 { return }
      position += 1
    }
  }
}
