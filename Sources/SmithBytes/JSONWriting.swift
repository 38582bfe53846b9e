extension JSON {
  /// The value as text: compact, or with two spaces per level as Python's `json.dump(indent=2)` writes it. Non-ASCII
  /// characters stay as they are; doubles take the fewest digits that read back equal.
  ///
  /// A number that is not finite, which JSON cannot say and the parser never makes, becomes null. `forTerminal` escapes the control
  /// characters that JSON lets stand (DEL, C1, bidirectional overrides): the same value, and nothing that drives a terminal.
  public func serialized(
    pretty: Bool = false, sortedKeys: Bool = false, forTerminal: Bool = false
  ) -> String {
    var writer = JSONWriter(pretty: pretty, sortedKeys: sortedKeys, forTerminal: forTerminal)
    writer.write(self)
    return writer.text
  }
}

private struct JSONWriter {
  let pretty: Bool
  let sortedKeys: Bool
  let forTerminal: Bool
  var text = ""
  private var depth = 0

  init(pretty: Bool, sortedKeys: Bool, forTerminal: Bool) {
    self.pretty = pretty
    self.sortedKeys = sortedKeys
    self.forTerminal = forTerminal
  }

  mutating func write(_ value: JSON) {
    switch value {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): write(value)
    case .array(let elements):
      list("[", elements, "]") { writer, element in writer.write(element) }
    case .object(let object):
      // Byte order, which is also the order of Python's code points.
      let members =
        sortedKeys
        ? object.sorted { $0.key.precedes(bytewise: $1.key) } : Array(object)
      list("{", members, "}") { writer, member in
        writer.write(member.key)
        writer.text += writer.pretty ? ": " : ":"
        writer.write(member.value)
      }
    }
  }

  private mutating func list<Element>(
    _ opening: String, _ elements: [Element], _ closing: String,
    _ body: (inout JSONWriter, Element) -> Void
  ) {
    text += opening
    depth += 1
    for (index, element) in elements.enumerated() {
      if index > 0 { text += "," }
      newLine()
      body(&self, element)
    }
    depth -= 1
    if !elements.isEmpty { newLine() }
    text += closing
  }

  private mutating func newLine() {
    guard pretty else { return }
    text += "\n"
    for _ in 0..<depth { text += "  " }
  }

  private mutating func write(_ string: String) {
    text += "\""
    defer { text += "\"" }
    // Nearly every string goes out as it is.
    let most: UInt8 = forTerminal ? 0x7E : 0xFF
    if string.utf8.allSatisfy({ $0 >= 0x20 && $0 <= most && $0 != 0x22 && $0 != 0x5C }) {
      text += string
      return
    }
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\u{8}": text += "\\b"
      case "\u{C}": text += "\\f"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\0"..<" ": escape(scalar)
      case _ where forTerminal && scalar.isControl: escape(scalar)
      default: text.unicodeScalars.append(scalar)
      }
    }
  }

  /// `\uXXXX`, for characters of one UTF-16 unit, which all control characters are.
  private mutating func escape(_ scalar: Unicode.Scalar) {
    let digits = String(scalar.value, radix: 16)
    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }
}
