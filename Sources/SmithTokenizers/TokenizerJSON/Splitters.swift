import SmithBytes

/// `pre_tokenizer` of a tokenizer.json.
enum Splitters: TokenizerStage {
  static let key = "pre_tokenizer"
  static let sequenceKey = "pretokenizers"
  static let table: [String: @Sendable (JSON) throws(SmithError) -> any Splitter] = [
    "BertPreTokenizer": { _ in BertSplitter() },
    "Metaspace": { json throws(SmithError) in try Metaspace(json) },
  ]
}
