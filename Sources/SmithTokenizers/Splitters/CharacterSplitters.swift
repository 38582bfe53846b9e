/// Splits at single code points of a kind: punctuation, digits, white space, one given character.
struct CharacterSplitter: Splitter {
  var behavior: SplitBehavior
  var isMatch: @Sendable (Unicode.Scalar) -> Bool

  func split(_ words: [Word], isFirst: Bool) -> [Word] {
    words.flatMap { word in
      var pieces: [TextPiece] = []
      for index in word.indices {
        let isMatch = isMatch(word[index].scalar)
        if !isMatch, let last = pieces.last, !last.isMatch {
          pieces[pieces.count - 1].range = last.range.lowerBound..<index + 1
        } else {
          pieces.append(TextPiece(range: index..<index + 1, isMatch: isMatch))
        }
      }
      return behavior.words(pieces, of: word)
    }
  }
}

/// Words and runs of other signs, without the white space between them: `\w+|[^\w\s]+`.
struct WordAndSignSplitter: Splitter, Hashable {
  private enum Kind { case word, sign, space }

  func split(_ words: [Word], isFirst: Bool) -> [Word] {
    var result: [Word] = []
    for word in words {
      var start = word.startIndex
      var kind = Kind.space
      for index in word.indices {
        let next = Self.kind(word[index].scalar)
        guard next != kind else { continue }
        if kind != .space { result.append(word[start..<index]) }
        (start, kind) = (index, next)
      }
      if kind != .space { result.append(word[start...]) }
    }
    return result
  }

  private static func kind(_ scalar: Unicode.Scalar) -> Kind {
    scalar.isWordCharacter ? .word : scalar.isWhiteSpace ? .space : .sign
  }
}

extension Unicode.Scalar {
  /// What `\w` matches (UTS 18, annex C): letters, marks, decimal digits, connecting punctuation and joiners.
  var isWordCharacter: Bool {
    if isASCII { return isLetter || isNumeral || self == "_" }
    if properties.isAlphabetic || properties.isJoinControl { return true }
    return switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
    default: false
    }
  }
}
