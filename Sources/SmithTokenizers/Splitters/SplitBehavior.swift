/// What becomes of the stretches that a splitter's pattern matches: `behavior` of a tokenizer.json.
enum SplitBehavior: String, CaseIterable, Sendable {
  /// They go.
  case removed = "Removed"
  /// Each is a word.
  case isolated = "Isolated"
  /// Each belongs to the word before it.
  case mergedWithPrevious = "MergedWithPrevious"
  /// Each belongs to the word after it.
  case mergedWithNext = "MergedWithNext"
  /// Neighbours are one word.
  case contiguous = "Contiguous"

  /// The words of a text, whose stretches come in order and leave nothing out.
  func words(_ pieces: [TextPiece], of text: Word) -> [Word] {
    switch self {
    case .removed: return pieces.filter { !$0.isMatch }.map { text[$0.range] }
    case .isolated: return pieces.map { text[$0.range] }
    case .mergedWithNext:
      return Self.joined(pieces.reversed()) { $0.isMatch && !$1 }.reversed().map { text[$0] }
    case .mergedWithPrevious: return Self.joined(pieces) { $0.isMatch && !$1 }.map { text[$0] }
    case .contiguous: return Self.joined(pieces) { $0.isMatch == $1 }.map { text[$0] }
    }
  }

  /// Joins each stretch to the one before where `joins` says so of it and of whether that one was a match.
  private static func joined(
    _ pieces: [TextPiece], _ joins: (TextPiece, Bool) -> Bool
  ) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var wasMatch = false
    for piece in pieces {
      if joins(piece, wasMatch), let last = ranges.last {
        let lower = min(last.lowerBound, piece.range.lowerBound)
        ranges[ranges.count - 1] = lower..<max(last.upperBound, piece.range.upperBound)
      } else {
        ranges.append(piece.range)
      }
      wasMatch = piece.isMatch
    }
    return ranges
  }
}
