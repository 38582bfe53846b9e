/// What BERT's basic tokenizer does to a text before it splits it (models §13.1; bert/tokenization.py `BasicTokenizer`).
///
/// In this order: controls go and white space becomes a space, ideographs get spaces around them, letters become small, marks go.
/// Letters become small one by one, as in Hugging Face's tokenizers: a final Σ is σ, where Python's `lower` knows ς.
struct BertNormalizer: Normalizer, Hashable {
  var cleansText = true
  var separatesIdeographs = true
  /// Nil: where letters become small.
  var stripsAccents: Bool?
  var lowercases = true

  func normalize(_ text: inout AlignedText) {
    if cleansText { Self.clean(&text) }
    if separatesIdeographs, text.contains(where: { $0.scalar.value >= 0x3400 }) {
      text.replaceEach { $0.isIdeograph ? [" ", $0, " "] : nil }
    }
    if lowercases { LowercaseNormalizer().normalize(&text) }
    if stripsAccents ?? lowercases {
      NormalizationForm.nfd.normalize(&text)
      StripMarksNormalizer().normalize(&text)
    }
  }

  private static func clean(_ text: inout AlignedText) {
    var hasControls = false
    for index in text.indices {
      switch text[index].scalar {
      case " "..."~": continue
      case "\t", "\n", "\r": text[index].scalar = " "
      case let scalar where isDropped(scalar): hasControls = true
      case let scalar where scalar.isWhiteSpace: text[index].scalar = " "
      default: continue
      }
    }
    if hasControls { text.removeAll { isDropped($0.scalar) } }
  }

  private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\u{FFFD}" || scalar.isControlOrPrivate
  }
}

extension Unicode.Scalar {
  /// The blocks that BERT takes for Chinese: not kana, not Hangul.
  var isIdeograph: Bool {
    switch value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
      0x2B820...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
