import SmithBytes

/// Reads a WordPiece vocabulary from the tokenizer files beside a checkpoint: `tokenizer.json`, else `vocab.txt`, with what
/// `tokenizer_config.json` and `special_tokens_map.json` say.
struct VocabularyFiles {
  let folder: String
  private let settings: [JSONObject]

  /// More bytes than any vocabulary has.
  private static let sizeLimit = 16 << 20

  /// `.malformed` for a settings file that is no JSON object.
  init(folder: String) throws(SmithError) {
    self.folder = folder
    var settings: [JSONObject] = []
    for name in ["tokenizer_config.json", "special_tokens_map.json"] {
      if let object = try Self.object(folder.appending(path: name)) { settings.append(object) }
    }
    self.settings = settings
  }

  /// Nil where there are no such files, or they are another kind of tokenizer.
  func read() throws(SmithError) -> WordPieceVocabulary? {
    let path = folder.appending(path: "tokenizer.json")
    if let tokenizer = try Self.object(path) {
      guard let model = tokenizer["model"],
        model["type"]?.stringValue ?? "WordPiece" == "WordPiece",
        model["continuing_subword_prefix"]?.stringValue ?? WordPieceVocabulary.continuation
          == WordPieceVocabulary.continuation,
        let words = model["vocab"]?.objectValue
      else { return nil }
      do throws(SmithError) { return try read(tokenizer, words) } catch {
        throw error.at(file: path)
      }
    }
    return try readText()
  }

  private func read(
    _ tokenizer: JSONObject, _ words: JSONObject
  ) throws(SmithError) -> WordPieceVocabulary {
    var ids: [(text: String, id: Int)] = []
    for (text, value) in words { ids.append((text, try Self.id(value, of: text))) }
    var added: [Int: WordPieceVocabulary.Kind] = [:]
    for token in tokenizer["added_tokens"]?.arrayValue ?? [] {
      guard let text = token["content"]?.stringValue, let value = token["id"] else { continue }
      let id = try Self.id(value, of: text)
      if words[text] == nil { ids.append((text, id)) }
      let isSpecial = token["special"]?.boolValue ?? false || Self.looksSpecial(text)
      added[id] = isSpecial ? .control : .userDefined
    }
    let normalizers = Self.normalizers(tokenizer["normalizer"])
    func flag(_ key: String, _ type: String) -> Bool? {
      normalizers.lazy.compactMap { normalizer in
        normalizer["type"]?.stringValue == type ? true : normalizer[key]?.boolValue
      }.first
    }
    return try vocabulary(
      ids, kinds: added, lowercases: flag("lowercase", "Lowercase") ?? false,
      stripsAccents: flag("strip_accents", "StripAccents"))
  }

  private func readText() throws(SmithError) -> WordPieceVocabulary? {
    let path = folder.appending(path: "vocab.txt")
    guard FolderListing.isFile(path) else { return nil }
    var lines = try Self.bytes(path).split(separator: 10, omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    var ids: [(text: String, id: Int)] = []
    for (id, line) in lines.enumerated() {
      guard let text = String(validating: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
      else {
        throw SmithError(
          .malformed, "line \(id + 1) is not UTF-8", at: Place(file: path))
      }
      ids.append((text, id))
    }
    let lowercases = settings.lazy.compactMap { $0["do_lower_case"]?.boolValue }.first
    let strips = settings.lazy.compactMap { $0["strip_accents"]?.boolValue }.first
    do throws(SmithError) {
      return try vocabulary(ids, kinds: [:], lowercases: lowercases ?? true, stripsAccents: strips)
    } catch { throw error.at(file: path) }
  }

  /// Of a token that stands twice the last id counts, as in a dictionary.
  private func vocabulary(
    _ ids: [(text: String, id: Int)], kinds: [Int: WordPieceVocabulary.Kind], lowercases: Bool,
    stripsAccents: Bool?
  ) throws(SmithError) -> WordPieceVocabulary {
    let byText = Dictionary(ids.map { (Array($0.text.utf8), $0.id) }, uniquingKeysWith: { $1 })
    let count = (ids.lazy.map(\.id).max() ?? -1) + 1
    guard count <= 2 * ids.count + 1024 else {
      throw SmithError(.malformed, "an id of \(count - 1) among \(ids.count) tokens")
    }
    var tokens = (0..<count).map(WordPieceVocabulary.placeholder)
    for (text, id) in ids where byText[Array(text.utf8)] == id {
      tokens[id] = .init(text: text, kind: kinds[id] ?? .normal)
    }
    var specials: [WordPieceVocabulary.Special: Int] = [:]
    for special in WordPieceVocabulary.Special.allCases {
      guard let id = byText[Array(text(of: special).utf8)] else { continue }
      specials[special] = id
      tokens[id].kind = .control
    }
    return WordPieceVocabulary(
      tokens: tokens, specials: specials, lowercases: lowercases, stripsAccents: stripsAccents)
  }

  /// A token's text, which stands bare or in an object.
  private func text(of special: WordPieceVocabulary.Special) -> String {
    settings.lazy.compactMap { object in
      object[special.key].flatMap { $0.stringValue ?? $0["content"]?.stringValue }
    }.first ?? special.usual
  }

  /// Tokens that the original's converter takes for control tokens whatever the file says.
  private static func looksSpecial(_ text: String) -> Bool {
    ["<pad>", "<mask>"].contains(text) || (text.hasPrefix("<|") && text.hasSuffix("|>"))
  }

  /// The single steps of a normalizer that may be a sequence.
  private static func normalizers(_ value: JSON?) -> [JSON] {
    guard let value else { return [] }
    return value["normalizers"]?.arrayValue?.flatMap { normalizers($0) } ?? [value]
  }

  private static func id(_ value: JSON, of text: String) throws(SmithError) -> Int {
    guard let id = value.intValue, id >= 0, id < sizeLimit else {
      throw SmithError(.malformed, "the id \(value.serialized())", at: Place(item: text))
    }
    return id
  }

  private static func object(_ path: String) throws(SmithError) -> JSONObject? {
    FolderListing.isFile(path) ? try ConfigurationFiles.read(path) : nil
  }

  private static func bytes(_ path: String) throws(SmithError) -> [UInt8] {
    let file = try InputFile(path)
    guard file.count <= sizeLimit else {
      throw SmithError(.limit, "\(file.count) bytes are no vocabulary", at: Place(file: path))
    }
    return try file.bytes(0..<file.count)
  }
}
