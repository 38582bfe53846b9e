import SmithBytes
import SmithTensors

/// The vocabulary as the entries of a GGUF file, and back.
extension WordPieceVocabulary {
  static let prefix = "tokenizer."
  private static let scope = prefix + "ggml."
  static let modelKey = scope + "model"
  static let typeCountKey = scope + "token_type_count"
  /// What `tokenizer.ggml.model` says of a WordPiece vocabulary.
  static let model = "bert"

  /// The special tokens' keys; a sentence begins with cls and ends with sep. The third is spelled as llama.cpp spells it.
  private static let idKeys: [(key: String, special: Special)] = [
    ("bos", .cls), ("eos", .sep), ("unknown", .unk), ("seperator", .sep), ("padding", .pad),
    ("mask", .mask),
  ]

  /// In the converter's order. The pre-tokenizer's name is the one it finds for uncased BERT; llama.cpp reads it for other kinds of
  /// vocabulary only.
  var entries: [ContainerMetadata.Entry] {
    func entry(_ key: String, _ value: MetadataValue) -> ContainerMetadata.Entry {
      .init(Self.scope + key, value)
    }
    var entries = [
      entry("model", .string(Self.model)), entry("pre", .string("jina-v2-en")),
      entry("tokens", .array(MetadataArray(tokens.map(\.phantom)))),
      entry("token_type", .array(MetadataArray(tokens.map(\.kind.rawValue)))),
    ]
    for (key, special) in Self.idKeys {
      guard let id = specials[special] else { continue }
      entries.append(entry(key + "_token_id", .u32(UInt32(clamping: id))))
    }
    entries += [
      entry("add_bos_token", .bool(true)), entry("add_eos_token", .bool(true)),
      entry("add_sep_token", .bool(false)), entry("normalizer.lowercase", .bool(lowercases)),
    ]
    if let stripsAccents {
      entries.append(entry("normalizer.strip_accents", .bool(stripsAccents)))
    }
    return entries
  }

  /// Nil for a file without a vocabulary, or with one of another kind. `.malformed` for lists of other types or lengths.
  init?(_ metadata: ContainerMetadata) throws(SmithError) {
    guard metadata[Self.modelKey] == Self.model,
      case .array(let words)? = metadata.value(Self.scope + "tokens")
    else { return nil }
    let texts = try words.values().compactMap(\.stringValue)
    var kinds = [Kind](repeating: .normal, count: texts.count)
    if case .array(let types)? = metadata.value(Self.scope + "token_type") {
      kinds = try types.values().map {
        $0.intValue.flatMap { Kind(rawValue: Int32(clamping: $0)) } ?? .normal
      }
    }
    guard texts.count == words.count, kinds.count == texts.count else {
      throw SmithError(
        .malformed, "\(kinds.count) types of \(words.count) tokens",
        at: Place(item: Self.scope + "tokens"))
    }
    tokens = zip(texts, kinds).map { Token(phantom: $0, kind: $1) }
    specials = [:]
    for (key, special) in Self.idKeys {
      guard let id = metadata.value(Self.scope + key + "_token_id")?.intValue,
        tokens.indices.contains(id)
      else { continue }
      specials[special] = id
    }
    func flag(_ key: String) -> Bool? {
      if case .bool(let value)? = metadata.value(Self.scope + "normalizer." + key) { return value }
      return nil
    }
    lowercases = flag("lowercase") ?? true
    stripsAccents = flag("strip_accents")
  }

  /// `vocab.txt` and the settings that BertTokenizer reads beside it; nil where a token would not stay one line.
  var companions: [Companion]? {
    guard !tokens.contains(where: { $0.text.utf8.contains(10) || $0.text.utf8.contains(13) }) else {
      return nil
    }
    var settings = JSONObject()
    settings["tokenizer_class"] = "BertTokenizer"
    settings["do_lower_case"] = .bool(lowercases)
    if let stripsAccents { settings["strip_accents"] = .bool(stripsAccents) }
    for special in Special.allCases {
      if let id = specials[special] { settings[special.key] = .string(tokens[id].text) }
    }
    let text = JSON.object(settings).serialized(pretty: true) + "\n"
    return [
      Companion(name: "vocab.txt", content: .text(tokens.map { $0.text + "\n" }.joined())),
      Companion(name: "tokenizer_config.json", content: .text(text)),
    ]
  }
}
