import SmithBytes

extension BytePairs {
  /// The model of a tokenizer.json.
  ///
  /// - Throws: `.unsupported` for dropout, which makes every reading another one, and what the model's initializer throws.
  init(_ json: JSON) throws(SmithError) {
    if let dropout = json["dropout"], !dropout.isNull, dropout.doubleValue != 0 {
      throw SmithError(
        .unsupported, "dropout \(dropout.serialized().prefix(60)): merges left out at random",
        remedy: "set it to null")
    }
    let options = Options(
      unknown: json["unk_token"]?.stringValue, fusesUnknown: json.flag("fuse_unk", false),
      continuation: json["continuing_subword_prefix"]?.stringValue ?? "",
      ending: json["end_of_word_suffix"]?.stringValue ?? "",
      fallsBackToBytes: json.flag("byte_fallback", false),
      ignoresMerges: json.flag("ignore_merges", false))
    guard let merges = json["merges"]?.arrayValue else {
      throw SmithError(.malformed, "the model has no merges")
    }
    guard merges.count <= PairTable.countLimit else {
      throw SmithError(.limit, "\(merges.count) merges")
    }
    var pairs: [(String, String)] = []
    pairs.reserveCapacity(merges.count)
    for merge in merges { pairs.append(try Self.pair(merge, pairs.count + 1)) }
    try self.init(try Models.vocabulary(json["vocab"]), merges: pairs, options: options)
  }

  /// `"a b"` or `["a", "b"]`.
  private static func pair(_ json: JSON, _ number: Int) throws(SmithError) -> (String, String) {
    if let line = json.stringValue { return try pair(line, number) }
    guard json.arrayValue?.count == 2, let left = json[0]?.stringValue,
      let right = json[1]?.stringValue
    else {
      throw SmithError(.malformed, "merge \(number) is no pair: \(json.serialized().prefix(60))")
    }
    return (left, right)
  }

  /// The two sides of the one space of a line.
  static func pair(_ line: String, _ number: Int) throws(SmithError) -> (String, String) {
    let parts = line.utf8.split(separator: 32, omittingEmptySubsequences: false)
    guard parts.count == 2, let left = String(parts[0]), let right = String(parts[1]) else {
      throw SmithError(
        .malformed, "merge \(number) is no pair: \(line.prefix(60))",
        remedy: "two pieces and a space between")
    }
    return (left, right)
  }
}
