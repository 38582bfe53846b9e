import SmithBytes

/// `tokenizer.json` of Hugging Face's tokenizers: the whole pipeline, each part by its type (models §13.5).
///
/// A part of a type that is not in the tables is refused by name; nothing is passed over.
struct TokenizerJSON: TokenizerFormat {
  let name = "tokenizer.json"
  let families: [String] = []

  func file(in folder: TokenizerFolder) -> String? {
    folder.names.contains(name) ? name : nil
  }

  func claims(_ name: String, beginning: [UInt8]) -> Bool {
    name.hasSuffix("tokenizer.json")
      || name.hasSuffix(".json")
        && String(decoding: beginning, as: UTF8.self).contains("\"version\"")
  }

  func open(_ name: String, in folder: TokenizerFolder) throws(SmithError) -> Tokenizer {
    let json = try JSON.parse(folder.bytes(name))
    guard json["model"] != nil else {
      throw SmithError(
        .malformed, "no tokenizer: it has no \"model\"",
        remedy: "a vocab.json is read with the merges.txt beside it: point to that")
    }
    let normalizers = try Normalizers.read(json["normalizer"])
    let added = try Self.added(json["added_tokens"])
    let model = try Models.read(json["model"])
    let splitters = try Splitters.read(json["pre_tokenizer"])
    let decoders = try Decoders.read(json["decoder"])
    try Self.checkGrowth(normalizers + splitters, Normalizers.key)
    try Self.checkGrowth(decoders, Decoders.key)
    return Tokenizer(
      model: model, added: try AddedTokens(added, normalizers: normalizers),
      normalizers: normalizers, splitters: splitters,
      template: try Templates.read(json["post_processor"]),
      decoders: decoders)
  }

  /// Replacements that feed each other make gigabytes of a letter.
  private static func checkGrowth(
    _ steps: [any TokenizerStep], _ key: String
  ) throws(SmithError) {
    var growth = 1
    for step in steps {
      let (product, overflows) = growth.multipliedReportingOverflow(by: step.growth)
      guard !overflows, product <= 64 else {
        throw SmithError(.limit, "\(key): steps that make a text much longer")
      }
      growth = product
    }
  }

  private static func added(_ json: JSON?) throws(SmithError) -> [AddedToken] {
    try (json?.arrayValue ?? []).map { token throws(SmithError) in
      guard let id = token["id"]?.intValue, let content = token["content"]?.stringValue else {
        throw SmithError(.malformed, "an added token without id or content")
      }
      return AddedToken(id: id, content: content, token)
    }
  }
}

/// One stage of the pipeline: its parts by the name of their type. A new part is one line in its stage's table.
protocol TokenizerStage {
  associatedtype Part
  /// The key in tokenizer.json.
  static var key: String { get }
  static var table: [String: @Sendable (JSON) throws(SmithError) -> Part] { get }
  /// Where a sequence keeps its parts.
  static var sequenceKey: String { get }
}

extension TokenizerStage {
  /// More than any pipeline has, sequences within sequences together.
  private static var partLimit: Int { 64 }

  /// The parts of a stage in order: none for null, each of a sequence.
  static func read(_ json: JSON?, depth: Int = 0) throws(SmithError) -> [Part] {
    guard let json, !json.isNull else { return [] }
    guard let type = json["type"]?.stringValue else {
      throw SmithError(.malformed, "\(key) has no type")
    }
    guard depth < 4 else { throw SmithError(.limit, "\(key) nested in itself") }
    if type == "Sequence" {
      var parts: [Part] = []
      for element in json[sequenceKey]?.arrayValue ?? [] {
        parts += try read(element, depth: depth + 1)
        guard parts.count <= partLimit else {
          throw SmithError(.limit, "\(key): a sequence of more than \(partLimit) parts")
        }
      }
      return parts
    }
    guard let make = table[type] else {
      throw SmithError(
        .unsupported, "\(key) \(type)",
        remedy: "known: " + table.keys.sorted().joined(separator: ", "))
    }
    return [try make(json)]
  }
}

extension JSON {
  /// A flag that may be missing or null.
  func flag(_ key: String, _ usual: Bool) -> Bool { self[key]?.boolValue ?? usual }
}
