/// A space in front of the text, made visible, but not after the tokens in it.
struct FirstSpace: Splitter, Hashable {
  /// Whether a text that begins with one needs no other.
  var joinsSpaces = false

  func split(_ words: [Word], isFirst: Bool) -> [Word] {
    guard isFirst, let word = words.first, let first = word.first else { return words }
    if joinsSpaces, first.scalar == ScoredPieces.space { return words }
    let space = AlignedScalar(ScoredPieces.space, first.start, first.start)
    return [[space] + word] + words.dropFirst()
  }
}
