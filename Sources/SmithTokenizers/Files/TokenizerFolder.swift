import SmithBytes

/// The tokenizer files beside a model, and what is known of the model they belong to.
public struct TokenizerFolder: Sendable {
  public let path: String
  /// What is in the folder.
  public let names: [String]
  /// The family of the model: it decides what stands around a text where no file says so.
  public let family: String?
  /// `tokenizer_config.json` and `special_tokens_map.json`, where they are.
  private let settings: [JSONObject]
  private let addedTokens: JSONObject

  /// More bytes than any tokenizer file has: mT5's are 16 MB, Gemma's 34.
  static let sizeLimit = 64 << 20

  /// - Throws: `.malformed` for settings that are no JSON objects, and what reading them throws.
  public init(_ path: String, family: String? = nil) throws(SmithError) {
    self.path = path
    self.family = family
    names = FolderListing.names(in: path)
    var settings: [JSONObject] = []
    for name in ["tokenizer_config.json", "special_tokens_map.json"] where names.contains(name) {
      settings.append(try Self.object(path.appending(path: name)))
    }
    self.settings = settings
    addedTokens =
      names.contains("added_tokens.json")
      ? try Self.object(path.appending(path: "added_tokens.json")) : JSONObject()
  }

  /// The names alone: what the settings say is not read.
  init(listing path: String) {
    self.path = path
    family = nil
    names = FolderListing.names(in: path)
    settings = []
    addedTokens = JSONObject()
  }

  /// A setting by its key, from the first file that has it and says more than null.
  func setting(_ key: String) -> JSON? {
    settings.lazy.compactMap { $0[key] }.first { !$0.isNull }
  }

  /// The text of a special token, which stands bare or in an object: `cls_token`.
  public func special(_ role: String) -> String? {
    settings.lazy.compactMap { $0[role].flatMap { $0.stringValue ?? $0["content"]?.stringValue } }
      .first
  }

  /// The tokens that are looked for in the text: those that `tokenizer_config.json` lists by id, and those of `added_tokens.json`.
  var added: [AddedToken] {
    var tokens: [AddedToken] = []
    for (key, value) in setting("added_tokens_decoder")?.objectValue ?? JSONObject() {
      guard let id = Int(key), let content = value["content"]?.stringValue else { continue }
      tokens.append(AddedToken(id: id, content: content, value))
    }
    for (content, value) in addedTokens {
      guard let id = value.intValue else { continue }
      var token = AddedToken(id: id, content: content)
      token.isSpecial = false
      tokens.append(token)
    }
    return tokens
  }

  /// The bytes of a file in the folder.
  func bytes(_ name: String) throws(SmithError) -> [UInt8] {
    try Self.bytes(path.appending(path: name))
  }

  /// The lines of a file in the folder, without their ends; an empty last one is none.
  func lines(_ name: String) throws(SmithError) -> [String] {
    var lines: [String] = []
    var bytes = try bytes(name)[...]
    while !bytes.isEmpty {
      let end = bytes.firstIndex(of: 10) ?? bytes.endIndex
      var line = bytes[..<end]
      if line.last == 13 { line.removeLast() }
      guard let text = String(validating: line, as: UTF8.self) else {
        throw SmithError(
          .malformed, "line \(lines.count + 1) is not UTF-8",
          at: Place(file: path.appending(path: name)))
      }
      lines.append(text)
      bytes = bytes[min(end + 1, bytes.endIndex)...]
    }
    return lines
  }

  private static func object(_ path: String) throws(SmithError) -> JSONObject {
    do throws(SmithError) {
      guard let object = try JSON.parse(bytes(path)).objectValue else {
        throw SmithError(.malformed, "no JSON object")
      }
      return object
    } catch { throw error.at(file: path) }
  }

  private static func bytes(_ path: String) throws(SmithError) -> [UInt8] {
    let file = try InputFile(path)
    guard file.count <= sizeLimit else {
      throw SmithError(
        .limit, "\(file.count) bytes are no tokenizer's file", at: Place(file: path))
    }
    return try file.bytes(0..<file.count)
  }
}

extension AddedToken {
  /// A token as `tokenizer.json` and `tokenizer_config.json` describe it.
  init(id: Int, content: String, _ json: JSON) {
    self.init(id: id, content: content)
    singleWord = json["single_word"]?.boolValue ?? false
    stripsLeft = json["lstrip"]?.boolValue ?? false
    stripsRight = json["rstrip"]?.boolValue ?? false
    isNormalized = json["normalized"]?.boolValue ?? false
    isSpecial = json["special"]?.boolValue ?? false
  }
}
