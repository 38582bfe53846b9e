import SmithBytes

/// Whole words only: a word that is no piece is unknown.
struct WordLevel: TokenizerModel {
  let vocabulary: Vocabulary
  /// Nil: words that are no pieces are left out.
  let unknown: Int?

  /// - Throws: `.missing` for an unknown token that is no piece.
  init(_ vocabulary: Vocabulary, unknown: String?) throws(SmithError) {
    self.vocabulary = vocabulary
    self.unknown = unknown.flatMap { vocabulary.id(of: $0) }
  }

  func encode(_ word: Word, into pieces: inout [Piece]) {
    var node = PieceTrie.root
    var id = unknown
    find: do {
      for element in word {
        guard let next = vocabulary.trie.step(from: node, element.scalar) else { break find }
        node = next
      }
      id = vocabulary.trie.id(at: node) ?? unknown
    }
    if let id { pieces.append(Piece(id: id, of: word)) }
  }
}
