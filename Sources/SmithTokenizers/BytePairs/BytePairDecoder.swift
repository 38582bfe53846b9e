/// Joins GPT-1's pieces: what ends a word becomes a space, but for the last.
struct BytePairDecoder: TokenDecoder, Hashable {
  var ending = "</w>"

  func decode(_ tokens: [String]) -> [String] {
    guard !ending.isEmpty else { return tokens }
    return tokens.enumerated().map { index, token in
      Self.replaced(token, ending, by: index + 1 < tokens.count ? " " : "")
    }
  }

  /// Byte for byte: Swift's own comparison would not find an ending that a combining mark follows.
  private static func replaced(_ token: String, _ text: String, by new: String) -> String {
    let (bytes, wanted) = (Array(token.utf8), Array(text.utf8))
    var result: [UInt8] = []
    var position = 0
    while position < bytes.count {
      if bytes[position...].starts(with: wanted) {
        result += new.utf8
        position += wanted.count
      } else {
        result.append(bytes[position])
        position += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
