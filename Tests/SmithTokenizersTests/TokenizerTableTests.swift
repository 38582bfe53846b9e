import SmithBytes
import TestSupport
import Testing

@testable import SmithTokenizers

/// Parts of tokenizer.json by themselves, against what Hugging Face's tokenizers make with them: `Fixtures/data/models/tokenizers/*.table.json`.
@Suite struct TokenizerTableTests {
  /// The rows of a table; each has a part and its cases.
  static func rows(_ name: String) throws -> [JSON] {
    try #require(
      JSON.parse(Fixtures.bytes("models/tokenizers/\(name).table.json")).arrayValue)
  }

  /// Whole tokenizers: added tokens with every flag, the options of byte-pair models, words on both sides of where merging changes its way.
  @Test(arguments: ["added_tokens", "byte_pair_models"])
  func `tokenizers give the same`(_ name: String) throws {
    for row in try Self.rows(name) {
      let json = try #require(row["tokenizer"])
      let scratch = try Scratch()
      let path = try scratch.write(Array(json.serialized().utf8), as: "tokenizer.json")
      let tokenizer = try Tokenizer.open(path)
      let cases = try #require(row["cases"]?.arrayValue)
      #expect(cases.count > 10)
      for one in try cases.map({ try TokenizerCase($0, set: name) }) {
        try one.check(tokenizer)
        if one.decoded != nil { try one.checkDecoding(tokenizer) }
      }
    }
  }

  @Test func `splitters give the same words`() throws {
    for row in try Self.rows("splitters") {
      let splitters = try Splitters.read(row["pre_tokenizer"])
      #expect(!splitters.isEmpty)
      for one in try #require(row["cases"]?.arrayValue) {
        var words = [AlignedText(of: try #require(one["text"]?.stringValue))[...]]
        for splitter in splitters { words = splitter.split(words, isFirst: true) }
        let expected = one["words"]?.arrayValue
        #expect(words.map(\.json) == expected, "\(row["pre_tokenizer"]?.serialized() ?? "") \(one)")
      }
    }
  }

  @Test func `decoders give the same text`() throws {
    for row in try Self.rows("decoders") {
      let decoders = try Decoders.read(row["decoder"])
      for one in try #require(row["cases"]?.arrayValue) {
        var tokens = try #require(one["tokens"]?.arrayValue).compactMap(\.stringValue)
        for decoder in decoders { tokens = decoder.decode(tokens) }
        let text = try #require(one["text"]?.stringValue)
        #expect(Exact(tokens.joined()) == Exact(text), "\(one)")
      }
    }
  }
}

extension Word {
  /// Its text, and where it stands.
  fileprivate var json: JSON {
    [.string(string), .integer(Int(first?.start ?? 0)), .integer(Int(last?.end ?? 0))]
  }
}
