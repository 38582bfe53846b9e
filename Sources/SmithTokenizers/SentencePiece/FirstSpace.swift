/// A space in front of the text, made visible, but not after the tokens in it.
struct FirstSpace: Splitter, Hashable {
  func split(_ words: [Word], isFirst: Bool) -> [Word] {
    guard isFirst, let first = words.first, let start = first.first?.start else { return words }
    return [[AlignedScalar(ScoredPieces.space, start, start)] + first] + words.dropFirst()
  }
}
