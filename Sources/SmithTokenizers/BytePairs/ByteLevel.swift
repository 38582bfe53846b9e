/// Splits as GPT-2 does, and writes each word in letters that stand for its UTF-8 bytes.
struct ByteLevelSplitter: Splitter, Hashable {
  /// A stretch of text that does not begin with a space gets one.
  var addsSpace = true
  /// Splits by GPT-2's rule; else words stay as they come.
  var splits = true

  /// The letters that stand for bytes are more bytes.
  var growth: Int { 4 }

  func split(_ words: [Word], isFirst: Bool) -> [Word] {
    var letters = AlignedText()
    letters.reserveCapacity(words.reduce(words.count) { $0 + $1.count })
    var ends: [Int] = []
    for word in words where !word.isEmpty {
      let text = spaced(word)
      if splits {
        for match in PatternScanner.gpt2.pieces(of: text) {
          Self.append(text[match.range], to: &letters)
          ends.append(letters.count)
        }
      } else {
        Self.append(text, to: &letters)
        ends.append(letters.count)
      }
    }
    var start = 0
    return ends.map { end in
      defer { start = end }
      return letters[start..<end]
    }
  }

  /// The space that is added comes from where the first character does.
  private func spaced(_ word: Word) -> Word {
    guard addsSpace, let first = word.first, first.scalar != " " else { return word }
    return ([AlignedScalar(" ", first.start, first.end)] + word)[...]
  }

  private static func append(_ text: Word, to letters: inout AlignedText) {
    for element in text {
      if element.scalar.isASCII {
        let letter = ByteAlphabet.letters[Int(element.scalar.value)]
        letters.append(AlignedScalar(letter, element.start, element.end))
        continue
      }
      for byte in UTF8.encode(element.scalar).unsafelyUnwrapped {
        let letter = ByteAlphabet.letters[Int(byte)]
        letters.append(AlignedScalar(letter, element.start, element.end))
      }
    }
  }
}

/// Letters that stand for bytes back to text; bytes that are no UTF-8 become U+FFFD.
struct ByteLevelDecoder: TokenDecoder, Hashable {
  func decode(_ tokens: [String]) -> [String] {
    var bytes: [UInt8] = []
    for token in tokens {
      let letters = token.unicodeScalars.compactMap(ByteAlphabet.byte(of:))
      // A token that holds anything else stands for itself.
      if letters.count == token.unicodeScalars.count {
        bytes += letters
      } else {
        bytes += token.utf8
      }
    }
    return [String(decoding: bytes, as: UTF8.self)]
  }
}

/// What a token covers, without the white space at its ends: what Hugging Face's tokenizers call `trim_offsets`.
struct OffsetTrimming: Hashable, Sendable {
  /// A first space was added to the text and covers none.
  var addsSpace = true

  /// - Parameters:
  ///   - pieces: Those of one text.
  ///   - text: The user's text.
  ///   - token: The spelling of a piece; nil for an added token, which is as it stands in the text.
  func trim(_ pieces: inout [Piece], in text: AlignedText, token: (Int) -> String?) {
    for index in pieces.indices {
      let piece = pieces[index]
      let spaces: (leading: Int, trailing: Int)
      if let spelling = token(piece.id) {
        spaces = Self.spaces(spelling.unicodeScalars)
      } else {
        let source = text[Int(piece.start)..<Int(max(piece.start, piece.end))]
        spaces = Self.spaces(source.lazy.map(\.scalar))
      }
      let isAdded = addsSpace && spaces.leading == 1 && (index == 0 || piece.start == 0)
      let start = min(piece.start + Int32(isAdded ? 0 : spaces.leading), piece.end)
      pieces[index].start = start
      if piece.end >= Int32(spaces.trailing) {
        pieces[index].end = max(piece.end - Int32(spaces.trailing), start)
      }
    }
  }

  private static func spaces(
    _ scalars: some BidirectionalCollection<Unicode.Scalar>
  ) -> (leading: Int, trailing: Int) {
    func isSpace(_ scalar: Unicode.Scalar) -> Bool {
      scalar == ByteAlphabet.space || scalar.isWhiteSpace
    }
    return (scalars.prefix(while: isSpace).count, scalars.reversed().prefix(while: isSpace).count)
  }
}
