import SmithBytes

/// `Split` of a tokenizer.json: splits at what a pattern matches, or with `invert` at what it does not.
struct PatternSplitter: Splitter {
  enum Pattern: Hashable, Sendable {
    case scanner(PatternScanner)
    /// A text that is looked for as it is.
    case text([Unicode.Scalar])
  }

  var pattern: Pattern
  var behavior: SplitBehavior
  var isInverted = false

  func split(_ words: [Word], isFirst: Bool) -> [Word] {
    words.flatMap { word in
      var pieces =
        switch pattern {
        case .scanner(let scanner): scanner.pieces(of: word)
        case .text(let text): Self.pieces(of: word, text)
        }
      if isInverted { for index in pieces.indices { pieces[index].isMatch.toggle() } }
      return behavior.words(pieces, of: word)
    }
  }

  private static func pieces(of word: Word, _ text: [Unicode.Scalar]) -> [TextPiece] {
    TextPiece.all(of: word) { start in
      let end = start + text.count
      guard end <= word.endIndex,
        word[start..<end].elementsEqual(text, by: { $0.scalar == $1 })
      else { return nil }
      return end
    }
  }
}

extension PatternSplitter {
  /// - Throws: `.unsupported` for an expression or a behavior that is not known.
  init(_ json: JSON) throws(SmithError) {
    behavior = try SplitBehavior(json)
    isInverted = json.flag("invert", false)
    if let text = json["pattern"]?["String"]?.stringValue, !text.isEmpty {
      guard text.utf8.count <= Vocabulary.lengthLimit else {
        throw SmithError(.limit, "Split: a pattern of \(text.utf8.count) bytes")
      }
      pattern = .text(Array(text.unicodeScalars))
      return
    }
    guard let expression = json["pattern"]?["Regex"]?.stringValue else {
      throw SmithError(.malformed, "Split has no pattern")
    }
    guard let scanner = PatternScanner.table[expression] else {
      throw SmithError(
        .unsupported, "Split by the regular expression \(expression.prefix(400))",
        remedy: "known are those of GPT-2, GPT-4, GPT-4o, LLaMA 3, Qwen 2 and CLIP")
    }
    pattern = .scanner(scanner)
  }
}

extension SplitBehavior {
  /// The `behavior` of a part; `usual` where nothing is said.
  ///
  /// - Throws: `.unsupported` for one that is not known.
  init(_ json: JSON, usual: SplitBehavior? = nil) throws(SmithError) {
    if json["behavior"] == nil, let usual {
      self = usual
      return
    }
    guard let behavior = SplitBehavior(rawValue: json["behavior"]?.stringValue ?? "") else {
      throw SmithError(
        .unsupported,
        "the behavior \(json["behavior"]?.serialized().prefix(60) ?? "that is missing")",
        remedy: "known: " + Self.allCases.map(\.rawValue).joined(separator: ", "))
    }
    self = behavior
  }
}
