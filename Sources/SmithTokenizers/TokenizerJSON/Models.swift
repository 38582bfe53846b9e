import SmithBytes

/// `model` of a tokenizer.json.
enum Models {
  typealias Maker = @Sendable (JSON) throws(SmithError) -> any TokenizerModel

  static let table: [String: Maker] = [
    "WordPiece": { (json) throws(SmithError) in
      try WordPiece(
        vocabulary(json["vocab"]), unknown: json["unk_token"]?.stringValue ?? "[UNK]",
        continuation: json["continuing_subword_prefix"]?.stringValue ?? "##",
        longestWord: json["max_input_chars_per_word"]?.intValue ?? 100)
    },
    "BPE": { (json) throws(SmithError) in try BytePairs(json) },
    "WordLevel": { (json) throws(SmithError) in
      try WordLevel(vocabulary(json["vocab"]), unknown: json["unk_token"]?.stringValue ?? "<unk>")
    },
    "Unigram": { (json) throws(SmithError) in try Unigram(json) },
  ]

  static func read(_ json: JSON?) throws(SmithError) -> any TokenizerModel {
    guard let json, let type = json["type"]?.stringValue ?? untyped(json) else {
      throw SmithError(.malformed, "the model has no type")
    }
    guard let make = table[type] else {
      throw SmithError(
        .unsupported, "a model of type \(type)",
        remedy: "known: " + table.keys.sorted().joined(separator: ", "))
    }
    return try make(json)
  }

  /// A vocabulary of the form piece: id.
  static func vocabulary(_ json: JSON?) throws(SmithError) -> Vocabulary {
    guard let object = json?.objectValue else {
      throw SmithError(.malformed, "the model has no vocab of pieces and ids")
    }
    return try Vocabulary(
      object.map { piece, value throws(SmithError) in
        guard let id = value.intValue else {
          throw SmithError(.malformed, "the id \(value.serialized())", at: Place(item: piece))
        }
        return (piece, id)
      })
  }

  /// Old files do not name the type.
  private static func untyped(_ json: JSON) -> String? {
    if json["merges"] != nil { return "BPE" }
    if json["continuing_subword_prefix"] != nil { return "WordPiece" }
    return json["unk_id"] == nil ? nil : "Unigram"
  }
}
