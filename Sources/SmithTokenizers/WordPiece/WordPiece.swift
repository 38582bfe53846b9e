import SmithBytes

/// WordPiece: from the left the longest piece that fits, `##` before what continues a word; a word that cannot be covered is one unknown
/// token (models §13.1; bert/tokenization.py `WordpieceTokenizer`).
struct WordPiece: TokenizerModel {
  let vocabulary: Vocabulary
  /// The id of `[UNK]`.
  let unknown: Int
  /// Longer words, in code points, are unknown as a whole: 200 in Google's program, 100 in Hugging Face's.
  let longestWord: Int
  /// What stands before a piece that continues a word.
  let continuation: String
  private let whole: WordTable
  /// Where the pieces that continue a word begin; nil where there are none.
  private let continuing: UInt32?

  static let usualContinuation = "##"

  /// - Throws: `.missing` without a token for the unknown.
  init(
    _ vocabulary: Vocabulary, unknown: String = "[UNK]",
    continuation: String = WordPiece.usualContinuation,
    longestWord: Int = 100
  ) throws(SmithError) {
    guard let id = vocabulary.id(of: unknown) else {
      throw SmithError(.missing, "the vocabulary has no \(unknown)")
    }
    self.vocabulary = vocabulary
    self.unknown = id
    self.longestWord = longestWord
    self.continuation = continuation
    var node: UInt32? = PieceTrie.root
    for byte in continuation.utf8 {
      node = node.flatMap { vocabulary.trie.step(from: $0, byte) }
    }
    continuing = node
    whole = WordTable(vocabulary)
  }

  func encode(_ word: Word, into pieces: inout [Piece]) {
    let first = pieces.count
    guard word.count <= longestWord else {
      pieces.append(Piece(id: unknown, of: word))
      return
    }
    if let id = whole.id(of: word) {
      pieces.append(Piece(id: id, of: word))
      return
    }
    var start = word.startIndex
    while start < word.endIndex {
      let node = start == word.startIndex ? PieceTrie.root : continuing
      guard let node, let (id, end) = longest(word, at: start, from: node) else {
        pieces.removeSubrange(first...)
        pieces.append(Piece(id: unknown, of: word))
        return
      }
      pieces.append(Piece(id: id, of: word[start..<end]))
      start = end
    }
  }

  @inline(__always)
  private func longest(_ word: Word, at start: Int, from root: UInt32) -> (id: Int, end: Int)? {
    var best: (Int, Int)?
    var node = root
    for index in start..<word.endIndex {
      guard let next = vocabulary.trie.step(from: node, word[index].scalar) else { break }
      node = next
      if let id = vocabulary.trie.id(at: node) { best = (id, index + 1) }
    }
    return best
  }
}
