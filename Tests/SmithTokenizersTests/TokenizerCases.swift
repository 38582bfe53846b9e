import SmithBytes
import TestSupport
import Testing

@testable import SmithTokenizers

/// What the original programs made of hard texts: `Fixtures/data/models/tokenizers/*.cases.json`.
struct TokenizerCase: Sendable, CustomTestStringConvertible {
  /// `wordpiece_cased`
  let set: String
  let text: String
  let ids: [Int]
  let tokens: [String]
  let decoded: String?
  /// In code points; SentencePiece's cases have none.
  let offsets: [Range<Int>]?

  var testDescription: String { "\(set): \(text.debugDescription)" }

  static let folder = Fixtures.path("models/tokenizers")

  /// The cases of a set.
  static func all(_ set: String) throws -> [TokenizerCase] {
    let file = try InputFile(folder.appending(path: set + ".cases.json"))
    let json = try JSON.parse(file.bytes(0..<file.count))
    // SentencePiece spells an unknown piece as the text has it, we as the vocabulary has it.
    let pieces = json["pieces"]?.arrayValue?.map { $0[0]?.stringValue ?? "" }
    return try (json["cases"]?.arrayValue ?? []).map { json in
      let ids = (json["ids"]?.arrayValue ?? []).compactMap(\.intValue)
      return TokenizerCase(
        set: set, text: try #require(json["text"]?.stringValue), ids: ids,
        tokens: pieces.map { pieces in ids.map { pieces[$0] } }
          ?? (json["tokens"]?.arrayValue ?? []).compactMap(\.stringValue),
        decoded: json["decoded"]?.stringValue,
        offsets: json["offsets"]?.arrayValue?.compactMap { pair in
          guard let start = pair[0]?.intValue, let end = pair[1]?.intValue else { return nil }
          return start..<end
        })
    }
  }
}
