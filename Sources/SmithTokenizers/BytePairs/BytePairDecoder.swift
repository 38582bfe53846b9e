/// Joins GPT-1's pieces: what ends a word becomes a space, but for the last.
struct BytePairDecoder: TokenDecoder, Hashable {
  var ending = "</w>"

  func decode(_ tokens: [String]) -> [String] {
    guard !ending.isEmpty else { return tokens }
    return tokens.enumerated().map { index, token in
      Exactly.replacing(ending, in: token, with: index + 1 < tokens.count ? " " : "")
    }
  }
}
