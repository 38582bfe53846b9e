import SmithBytes

/// `pre_tokenizer` of a tokenizer.json.
enum Splitters: TokenizerStage {
  static let key = "pre_tokenizer"
  static let sequenceKey = "pretokenizers"
  static let table: [String: @Sendable (JSON) throws(SmithError) -> any Splitter] = [
    "BertPreTokenizer": { _ in BertSplitter() },
    "ByteLevel": { json in
      ByteLevelSplitter(
        addsSpace: json.flag("add_prefix_space", true), splits: json.flag("use_regex", true))
    },
    "Whitespace": { _ in WordAndSignSplitter() },
    "WhitespaceSplit": { _ in CharacterSplitter(behavior: .removed) { $0.isWhiteSpace } },
    "Punctuation": { json throws(SmithError) in
      CharacterSplitter(behavior: try SplitBehavior(json, usual: .isolated)) {
        $0.isBertPunctuation
      }
    },
    "Digits": { json in
      CharacterSplitter(
        behavior: json.flag("individual_digits", false) ? .isolated : .contiguous
      ) { $0.isNumeral }
    },
    "CharDelimiterSplit": { json throws(SmithError) in
      guard let text = json["delimiter"]?.stringValue, text.unicodeScalars.count == 1 else {
        throw SmithError(.malformed, "CharDelimiterSplit has no delimiter")
      }
      return CharacterSplitter(behavior: .removed) { $0 == text.unicodeScalars.first }
    },
    "Split": { json throws(SmithError) in try PatternSplitter(json) },
    "Metaspace": { json throws(SmithError) in try Metaspace(json) },
  ]
}
