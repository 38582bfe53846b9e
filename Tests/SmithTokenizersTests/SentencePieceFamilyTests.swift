import SmithBytes
import TestSupport
import Testing

@testable import SmithTokenizers

/// SentencePiece models as their families use them, against what each family's own tokenizer made of hard texts.
@Suite struct SentencePieceFamilyTests {
  static let folder = Fixtures.path("models/tokenizers/sentencepiece")
  static let families = FolderListing.names(in: folder).sorted()

  @Test(arguments: families)
  func givesTheSameIds(_ name: String) throws {
    let folder = Self.folder.appending(path: name)
    let file = try InputFile(folder.appending(path: "cases.json"))
    let json = try JSON.parse(file.bytes(0..<file.count))
    let found = try Tokenizer.find(
      in: TokenizerFolder(folder, family: json["family"]?.stringValue))
    let (tokenizer, model) = try #require(found)
    #expect(model == json["file"]?.stringValue)
    let cases = try #require(json["cases"]?.arrayValue)
    #expect(cases.count > 20)
    for one in cases {
      let text = try #require(one["text"]?.stringValue)
      let encoding = tokenizer.encode(text, pair: one["pair"]?.stringValue)
      #expect(encoding.ids == one["ids"]?.integers, "\(text.debugDescription)")
      if let types = one["types"]?.integers { #expect(encoding.types == types) }
      let tokens = (one["tokens"]?.arrayValue ?? []).compactMap(\.stringValue)
      #expect(encoding.tokens.map(Exact.init) == tokens.map(Exact.init))
    }
  }

  /// The trained ALBERT's questions: a sentence with a masked word, and the ids that it was asked with.
  @Test(arguments: ["google_tf/30k-clean.model", "hf/spiece.model"])
  func asksTheTrainedModel(_ file: String) throws {
    let tokenizer = try Tokenizer.open(Fixtures.path("trained/tiny_albert/" + file))
    let json = try JSON.parse(Fixtures.bytes("trained/cloze.json"))
    let rows = try #require(json["tiny_albert"]?["rows"]?.arrayValue)
    #expect(rows.count > 50)
    for row in rows {
      let words = try #require(row["sentence"]?.stringValue).split(separator: " ")
      // After [CLS] each word of that model is one piece.
      let masked = try #require(row["mask_at"]?.intValue) - 1
      let text = words.enumerated().map { $0 == masked ? "[MASK]" : String($1) }
      let ids = tokenizer.encode(text.joined(separator: " ")).ids
      #expect(ids == row["ids"]?.integers, "\(text)")
    }
  }

  /// The files alone tell the family.
  @Test(arguments: [
    ("albert/spiece.model", "albert"), ("xlnet/spiece.model", "xlnet"), ("t5/spiece.model", "t5"),
    ("llama/tokenizer.model", "llama"), ("xlm_roberta/sentencepiece.bpe.model", "xlm-roberta"),
    ("../unigram_custom_rules.model", "sentencepiece"),
  ])
  func knowsTheFamily(_ file: String, _ family: String) throws {
    let path = Self.folder.appending(path: file)
    let bytes = try Fixtures.bytes("models/tokenizers/sentencepiece/" + file)
    let convention = SentencePieceConvention.of(
      try ModelProto(bytes), file: path.lastComponent, family: nil)
    #expect(convention.families.first == family)
  }

  /// A family that is named goes before what the pieces tell.
  @Test func listensToTheFamily() throws {
    let path = Self.folder.appending(path: "albert/spiece.model")
    #expect(try Tokenizer.open(path).encode("FOX").tokens.first == "[CLS]")
    let bare = try Tokenizer.open(path, family: "sentencepiece").encode("FOX [CLS]")
    #expect(!bare.tokens.contains("[CLS]"))
    #expect(throws: SmithError.self) { try Tokenizer.open(path, family: "xlnet") }
  }

  /// Settings beside a model are listened to.
  @Test func listensToTheSettings() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      Fixtures.bytes("models/tokenizers/sentencepiece/llama/tokenizer.model"),
      as: "tokenizer.model")
    #expect(try Tokenizer.open(path).encode("fox").tokens.first == "<s>")
    try scratch.write(
      Array(#"{"add_bos_token": false, "added_tokens_decoder": {"600": {"content": "fox"}}}"#.utf8),
      as: "tokenizer_config.json")
    let tokenizer = try Tokenizer.open(path)
    #expect(tokenizer.encode("fox").ids == [600])
    #expect(tokenizer.decode([600, 2]) == "fox")
    #expect(tokenizer.count == 601)
  }
}

extension JSON {
  fileprivate var integers: [Int]? { arrayValue?.compactMap(\.intValue) }
}
