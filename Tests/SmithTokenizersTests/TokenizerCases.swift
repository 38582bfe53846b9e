import SmithBytes
import TestSupport
import Testing

@testable import SmithTokenizers

/// What the original programs made of hard texts: `Fixtures/data/models/tokenizers/*.cases.json`.
struct TokenizerCase: Sendable, CustomTestStringConvertible {
  /// `wordpiece_cased`
  let set: String
  let text: String
  let pair: String?
  /// Whether special tokens stand around.
  let hasTemplate: Bool
  let ids: [Int]
  let tokens: [String]
  let decoded: String?
  /// In code points; SentencePiece's cases have none.
  let offsets: [Range<Int>]?
  let types: [Int]?

  var testDescription: String { "\(set): \(text.debugDescription)" }

  static let folder = Fixtures.path("models/tokenizers")

  /// The cases of a set.
  static func all(_ set: String) throws -> [TokenizerCase] {
    let file = try InputFile(folder.appending(path: set + ".cases.json"))
    let json = try JSON.parse(file.bytes(0..<file.count))
    let pieces = json["pieces"]?.arrayValue?.map { $0[0]?.stringValue ?? "" }
    return try (json["cases"]?.arrayValue ?? []).map {
      try TokenizerCase($0, set: set, pieces: pieces)
    }
  }

  /// Where `pieces` are given they spell the ids: SentencePiece spells an unknown piece as the text has it, we as the vocabulary has it.
  init(_ json: JSON, set: String, pieces: [String]? = nil) throws {
    let ids = (json["ids"]?.arrayValue ?? []).compactMap(\.intValue)
    self.set = set
    self.ids = ids
    text = try #require(json["text"]?.stringValue)
    pair = json["pair"]?.stringValue
    hasTemplate = json["template"]?.boolValue ?? false
    tokens =
      pieces.map { pieces in ids.map { pieces[$0] } }
      ?? (json["tokens"]?.arrayValue ?? []).compactMap(\.stringValue)
    decoded = json["decoded"]?.stringValue
    offsets = json["offsets"]?.arrayValue?.compactMap { pair in
      guard let start = pair[0]?.intValue, let end = pair[1]?.intValue else { return nil }
      return start..<end
    }
    types = json["types"]?.arrayValue?.compactMap(\.intValue)
  }

  /// Whether a tokenizer makes of the text what the original program did.
  func check(_ tokenizer: Tokenizer) throws {
    let encoding = tokenizer.encode(text, pair: pair, template: hasTemplate)
    #expect(encoding.ids == ids, "\(self)")
    #expect(encoding.tokens.map(Exact.init) == tokens.map(Exact.init), "\(self)")
    if let offsets { #expect(encoding.offsets == offsets, "\(self)") }
    if let types { #expect(encoding.types == types, "\(self)") }
  }

  func checkDecoding(_ tokenizer: Tokenizer) throws {
    #expect(Exact(tokenizer.decode(ids)) == Exact(try #require(decoded)), "\(self)")
  }
}
