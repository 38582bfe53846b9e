import SmithBytes

/// Runs of pieces like `<0xE2>` become the text that their bytes spell; where they spell none, each is a U+FFFD.
struct ByteFallbackDecoder: TokenDecoder, Hashable {
  func decode(_ tokens: [String]) -> [String] {
    var result: [String] = []
    var bytes: [UInt8] = []
    func flush() {
      if let text = String(validating: bytes, as: UTF8.self) {
        if !bytes.isEmpty { result.append(text) }
      } else {
        result += bytes.map { _ in "\u{FFFD}" }
      }
      bytes = []
    }
    for token in tokens {
      if let byte = UInt8(bytePiece: token) {
        bytes.append(byte)
      } else {
        flush()
        result.append(token)
      }
    }
    flush()
    return result
  }
}

/// All tokens become one.
struct FuseDecoder: TokenDecoder, Hashable {
  func decode(_ tokens: [String]) -> [String] { [tokens.joined()] }
}

/// A character goes from the ends of each token, so many times at most.
struct StripDecoder: TokenDecoder, Hashable {
  let content: Unicode.Scalar
  let left: Int
  let right: Int

  init(_ json: JSON) throws(SmithError) {
    guard let text = json["content"]?.stringValue, let content = text.unicodeScalars.first,
      text.unicodeScalars.count == 1
    else { throw SmithError(.malformed, "Strip: a content that is not one character") }
    self.content = content
    left = max(0, json["start"]?.intValue ?? 0)
    right = max(0, json["stop"]?.intValue ?? 0)
  }

  func decode(_ tokens: [String]) -> [String] {
    tokens.map { token in
      var scalars = token.unicodeScalars[...]
      for _ in 0..<min(left, scalars.count) where scalars.first == content { scalars.removeFirst() }
      for _ in 0..<min(right, scalars.count) where scalars.last == content { scalars.removeLast() }
      return String(String.UnicodeScalarView(scalars))
    }
  }
}
