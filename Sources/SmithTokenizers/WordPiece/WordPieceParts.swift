/// What other programs need to know of a WordPiece tokenizer besides its pieces.
public struct WordPieceParts: Hashable, Sendable {
  public var lowercases: Bool
  /// Nil where marks go because letters become small.
  public var stripsAccents: Bool?
}

extension Tokenizer {
  /// Nil for a tokenizer of another kind, or with another mark than `##` before what continues a word.
  public var wordPieceParts: WordPieceParts? {
    guard let model = model as? WordPiece, model.continuation == WordPiece.usualContinuation else {
      return nil
    }
    let bert = normalizers.lazy.compactMap { $0 as? BertNormalizer }.first
    let hasCase = normalizers.contains { $0 is LowercaseNormalizer }
    let hasMarks = normalizers.contains { $0 is StripAllMarks }
    return WordPieceParts(
      lowercases: bert?.lowercases ?? hasCase,
      stripsAccents: bert.map(\.stripsAccents) ?? (hasMarks ? true : nil))
  }
}
