import SmithBytes

/// Byte-pair encoding: a word begins as its characters, and the neighbours whose merge ranks first become one, over and over (models §13.2;
/// Sennrich et al. 2016, "Neural machine translation of rare words with subword units").
struct BytePairs: TokenizerModel {
  /// What a tokenizer.json says of its model beside pieces and merges.
  struct Options: Hashable, Sendable {
    /// What a character becomes that is no piece; without one it is left out.
    var unknown: String?
    /// Unknown neighbours are one token.
    var fusesUnknown = false
    /// What stands before each piece that continues a word: `##`.
    var continuation = ""
    /// What stands after the last piece of a word: `</w>`.
    var ending = ""
    /// A character that is no piece becomes its UTF-8 bytes: `<0xC3>`.
    var fallsBackToBytes = false
    /// A word that is a piece is that piece, whatever the merges make of it.
    var ignoresMerges = false
  }

  let vocabulary: Vocabulary
  let options: Options
  let merges: PairTable
  let symbols: WordSymbols
  /// The words that end as one piece, so that no merge need be tried.
  private var whole = WordTable()

  /// The merges are told by both their parts, the first to be merged first.
  ///
  /// - Throws: `.missing` for an unknown token or a merge that the vocabulary has no piece for, `.limit` for too many merges.
  init(
    _ vocabulary: Vocabulary, merges: [(String, String)], options: Options = Options()
  ) throws(SmithError) {
    self.vocabulary = vocabulary
    self.options = options
    self.merges = try PairTable(merges, vocabulary, continuation: options.continuation)
    symbols = try WordSymbols(vocabulary, options)
    whole = wholeWords()
  }

  func encode(_ word: Word, into pieces: inout [Piece]) { encode([word], into: &pieces) }

  func encode(_ words: [Word], into pieces: inout [Piece]) {
    var next: [PairTable.Merge] = []
    for word in words where !word.isEmpty {
      if let id = whole.id(of: word) {
        pieces.append(Piece(id: id, of: word))
        continue
      }
      let first = pieces.count
      symbols.append(word, to: &pieces)
      merge(&pieces, from: first, &next)
    }
  }

  /// The words that pieces spell and that are merged to those very pieces; all of them where merges do not matter.
  private func wholeWords() -> WordTable {
    var words = WordTable(expecting: vocabulary.count)
    var pieces: [Piece] = []
    var next: [PairTable.Merge] = []
    for (id, piece) in vocabulary.pieces.enumerated() {
      if options.ignoresMerges {
        words.insert(piece.unicodeScalars, id: id)
        continue
      }
      let text = piece.utf8.dropLast(options.ending.utf8.count)
      guard piece.utf8.dropFirst(text.count).elementsEqual(options.ending.utf8),
        let word = String(text)
      else { continue }
      pieces.removeAll(keepingCapacity: true)
      symbols.append(AlignedText(of: word)[...], to: &pieces)
      merge(&pieces, from: 0, &next)
      if pieces.count == 1, pieces[0].id == id { words.insert(word.unicodeScalars, id: id) }
    }
    return words
  }
}

extension PairTable {
  /// - Throws: `.missing` for a merge of or to what is no piece, `.limit` for too many.
  init(
    _ merges: [(String, String)], _ vocabulary: Vocabulary, continuation: String
  ) throws(SmithError) {
    guard merges.count <= Self.countLimit else {
      throw SmithError(.limit, "\(merges.count) merges")
    }
    self.init(expecting: merges.count)
    let trie = vocabulary.trie
    for (rank, (left, right)) in merges.enumerated() {
      func missing(_ piece: String) -> SmithError {
        SmithError(
          .missing,
          "merge \(rank + 1) needs the piece \(piece.prefix(60)), which the vocabulary has not")
      }
      guard let node = trie.node(from: PieceTrie.root, left.utf8), let first = trie.id(at: node)
      else { throw missing(left) }
      guard let second = trie.id(of: right.utf8) else { throw missing(right) }
      // The right part continues the left one, so what says so goes.
      guard right.utf8.count >= continuation.utf8.count else {
        throw SmithError(
          .malformed,
          "merge \(rank + 1) does not continue a word with \(continuation.prefix(60))")
      }
      let rest = right.utf8.dropFirst(continuation.utf8.count)
      guard let last = trie.node(from: node, rest), let merged = trie.id(at: last) else {
        throw missing(left + String(decoding: Array(rest), as: UTF8.self))
      }
      set(first, second, Merge(rank: UInt32(rank), id: UInt32(merged)))
    }
  }
}
