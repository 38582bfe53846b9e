/// Splits around white space, which goes, and around every punctuation character, which stays (models §13.1).
struct BertSplitter: Splitter, Hashable {
  func split(_ words: [Word], isFirst: Bool) -> [Word] {
    var result: [Word] = []
    for word in words {
      var start = word.startIndex
      for index in word.indices {
        let scalar = word[index].scalar
        let isPunctuation = scalar.isBertPunctuation
        guard isPunctuation || scalar.isWhiteSpace else { continue }
        if start < index { result.append(word[start..<index]) }
        if isPunctuation { result.append(word[index...index]) }
        start = index + 1
      }
      if start < word.endIndex { result.append(word[start...]) }
    }
    return result
  }
}

extension Unicode.Scalar {
  /// Unicode's punctuation, and all of ASCII's signs: `$` and `+` too, which Unicode calls symbols.
  var isBertPunctuation: Bool {
    if isASCII {
      return switch value {
      case 33...47, 58...64, 91...96, 123...126: true
      default: false
      }
    }
    return isUnicodePunctuation
  }
}
