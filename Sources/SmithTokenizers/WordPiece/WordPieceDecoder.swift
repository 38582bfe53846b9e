/// Joins pieces with spaces, and what continues a word without one.
struct WordPieceDecoder: TokenDecoder, Hashable {
  var continuation = "##"
  /// Whether spaces before punctuation and contractions go, as transformers does it.
  var cleansUp = true

  func decode(_ tokens: [String]) -> [String] {
    tokens.enumerated().map { index, token in
      var piece = token
      if index > 0 {
        if token.utf8.starts(with: continuation.utf8) {
          piece = String(decoding: token.utf8.dropFirst(continuation.utf8.count), as: UTF8.self)
        } else {
          piece = " " + token
        }
      }
      return cleansUp ? Self.cleanedUp(piece) : piece
    }
  }

  /// One piece at a time, as Hugging Face's tokenizers do it.
  private static func cleanedUp(_ piece: String) -> String {
    var piece = piece
    for (long, short) in tightened { piece = Exactly.replacing(long, in: piece, with: short) }
    return piece
  }

  private static let tightened = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
    (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ]
}
