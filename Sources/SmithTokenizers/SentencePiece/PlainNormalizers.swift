import SmithBytes

/// Puts a text in front of one that is not empty.
struct Prepending: Normalizer, Hashable {
  let content: String

  init(_ json: JSON) throws(SmithError) {
    guard let content = json["prepend"]?.stringValue else {
      throw SmithError(.malformed, "Prepend: no text")
    }
    guard content.utf8.count <= Vocabulary.lengthLimit else {
      throw SmithError(.limit, "Prepend: \(content.utf8.count) bytes")
    }
    self.content = content
  }

  func normalize(_ text: inout AlignedText) {
    guard let first = text.first else { return }
    text.insert(
      contentsOf: content.unicodeScalars.map { AlignedScalar($0, first.start, first.end) }, at: 0)
  }
}

/// Marks of every kind go (category M*), as tokenizers' `StripAccents` has it; BERT's goes for those without width alone.
struct StripAllMarks: Normalizer, Hashable {
  func normalize(_ text: inout AlignedText) { text.replaceEach { $0.isMark ? [] : nil } }
}

extension Unicode.Scalar {
  /// General category Mn, Mc or Me.
  fileprivate var isMark: Bool {
    if isASCII { return false }
    return switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: true
    default: false
    }
  }
}

/// White space at the ends goes.
struct Stripping: Normalizer, Hashable {
  var left = true
  var right = true

  func normalize(_ text: inout AlignedText) {
    if right {
      while text.last?.scalar.isWhiteSpace == true { text.removeLast() }
    }
    if left { text.removeSubrange(..<(text.firstIndex { !$0.scalar.isWhiteSpace } ?? text.count)) }
  }
}
