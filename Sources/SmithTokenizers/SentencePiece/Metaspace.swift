import SmithBytes

/// Hugging Face's way to make spaces visible: each becomes `▁`, one is put in front, and words begin with theirs.
struct Metaspace: Splitter, TokenDecoder, Hashable {
  /// Which words get a space in front that the text has not.
  enum Prepended: String, Hashable, Sendable { case always, first, never }

  var replacement = ScoredPieces.space
  var prepended = Prepended.always
  /// Whether words end where the next space is.
  var splits = true

  func split(_ words: [Word], isFirst: Bool) -> [Word] {
    var result: [Word] = []
    for word in words {
      guard let first = word.first else { continue }
      // First is what begins where the text does, even before anything was stripped.
      let prepends = prepended == .always || prepended == .first && first.start == 0
      var text = AlignedText()
      text.reserveCapacity(word.count + 1)
      if prepends, first.scalar != " ", first.scalar != replacement {
        text.append(AlignedScalar(replacement, first.start, first.end))
      }
      for element in word {
        let scalar = element.scalar == " " ? replacement : element.scalar
        text.append(AlignedScalar(scalar, element.start, element.end))
      }
      append(text, to: &result)
    }
    return result
  }

  private func append(_ text: AlignedText, to words: inout [Word]) {
    guard splits else {
      words.append(text[...])
      return
    }
    var start = 0
    for index in text.indices.dropFirst() where text[index].scalar == replacement {
      words.append(text[start..<index])
      start = index
    }
    words.append(text[start...])
  }

  func decode(_ tokens: [String]) -> [String] {
    tokens.enumerated().map { index, token in
      var view = String.UnicodeScalarView()
      for scalar in token.unicodeScalars {
        if scalar != replacement {
          view.append(scalar)
        } else if index > 0 || prepended == .never {
          view.append(" ")
        }
      }
      return String(view)
    }
  }
}

extension Metaspace {
  /// Older files have `add_prefix_space` instead of `prepend_scheme`.
  init(_ json: JSON) throws(SmithError) {
    if let text = json["replacement"]?.stringValue {
      guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
        throw SmithError(.malformed, "Metaspace: a replacement that is not one character")
      }
      replacement = scalar
    }
    let usual: Prepended = json.flag("add_prefix_space", true) ? .always : .never
    if let scheme = json["prepend_scheme"]?.stringValue {
      guard let known = Prepended(rawValue: scheme) else {
        throw SmithError(.unsupported, "Metaspace: the scheme \(scheme)")
      }
      prepended = known
    } else {
      prepended = usual
    }
    splits = json.flag("split", true)
  }
}
