/// What ALBERT and XLNet do to a text before SentencePiece sees it (albert/tokenization.py `preprocess_text`).
struct TextCleaning: Normalizer, Hashable {
  /// White space at both ends goes, other white space becomes one space.
  var joinsSpaces = true
  /// ``` `` ``` and `''` become `"`.
  var straightensQuotes = true
  /// Characters are taken apart (NFKD), and marks go.
  var stripsAccents = true
  var lowercases = true

  func normalize(_ text: inout AlignedText) {
    // Twice, as in Hugging Face's program: of the lunate Ϲ only the small one falls apart into ς.
    if lowercases { LowercaseNormalizer().normalize(&text) }
    if joinsSpaces { text = Self.joined(text) }
    if straightensQuotes {
      for mark in ["`", "'"] as [Unicode.Scalar] { Self.straighten(mark, in: &text) }
    }
    if stripsAccents {
      NormalizationForm.nfkd.normalize(&text)
      text.replaceEach { $0.combiningClass == 0 ? nil : [] }
    }
    if lowercases { LowercaseNormalizer().normalize(&text) }
  }

  private static func joined(_ text: AlignedText) -> AlignedText {
    var result: AlignedText = []
    result.reserveCapacity(text.count)
    var space: AlignedScalar?
    for element in text {
      if element.scalar.isPythonSpace {
        let start = space?.start ?? element.start
        space = AlignedScalar(" ", start, element.end)
        continue
      }
      if let space, !result.isEmpty { result.append(space) }
      space = nil
      result.append(element)
    }
    return result
  }

  private static func straighten(_ mark: Unicode.Scalar, in text: inout AlignedText) {
    guard text.contains(where: { $0.scalar == mark }) else { return }
    var result: AlignedText = []
    result.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      let element = text[index]
      if element.scalar == mark, index + 1 < text.count, text[index + 1].scalar == mark {
        result.append(AlignedScalar("\"", element.start, text[index + 1].end))
        index += 2
      } else {
        result.append(element)
        index += 1
      }
    }
    text = result
  }
}

extension Unicode.Scalar {
  /// What Python's `str.split` splits at: Unicode's white space, and four separators among the controls.
  var isPythonSpace: Bool { isWhiteSpace || (0x1C...0x1F).contains(value) }
}
