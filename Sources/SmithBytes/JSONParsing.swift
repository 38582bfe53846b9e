extension JSON {
  /// Parses one JSON text, strictly (RFC 8259): `.mismatch` for a duplicate key, `.limit` for nesting beyond `depthLimit` or a
  /// number beyond double range, `.truncated` where the text ends early, `.malformed` for all else; with the byte offset.
  public static func parse(_ bytes: [UInt8], depthLimit: Int = 64) throws(SmithError) -> JSON {
    var scanner = JSONScanner(bytes, depthLimit: depthLimit)
    let value = try JSON(&scanner)
    try scanner.finish()
    return value
  }

  /// The next value of a scanner, as a tree. Recursion is bounded by the scanner's depth limit.
  public init(_ scanner: inout JSONScanner) throws(SmithError) {
    switch try scanner.peek() {
    case .null:
      try scanner.null()
      self = .null
    case .bool: self = .bool(try scanner.bool())
    case .number: self = try scanner.number()
    case .string: self = .string(try scanner.string())
    case .array:
      var elements: [JSON] = []
      try scanner.beginArray()
      while try scanner.nextElement() { elements.append(try JSON(&scanner)) }
      self = .array(elements)
    case .object:
      var object = JSONObject()
      try scanner.beginObject()
      while let key = try scanner.nextKey() {
        let start = scanner.position
        guard object.insert(key, try JSON(&scanner)) else {
          throw scanner.error(.mismatch, "the key \"\(key)\" stands twice", at: start)
        }
      }
      self = .object(object)
    }
  }
}
