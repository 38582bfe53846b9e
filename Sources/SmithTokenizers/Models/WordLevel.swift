import SmithBytes

/// Whole words only: a word that is no piece is unknown.
struct WordLevel: TokenizerModel {
  let vocabulary: Vocabulary
  let unknown: Int
  private let whole: WordTable

  /// - Throws: `.missing` for an unknown token that is no piece.
  init(_ vocabulary: Vocabulary, unknown: String) throws(SmithError) {
    self.vocabulary = vocabulary
    whole = WordTable(vocabulary)
    guard let id = vocabulary.id(of: unknown) else {
      throw SmithError(.missing, "the vocabulary has no \(unknown)")
    }
    self.unknown = id
  }

  func encode(_ word: Word, into pieces: inout [Piece]) {
    pieces.append(Piece(id: whole.id(of: word) ?? unknown, of: word))
  }
}
