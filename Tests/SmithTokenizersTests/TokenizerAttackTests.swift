import SmithBytes
import TestSupport
import Testing

@testable import SmithTokenizers

/// Tokenizer files that are wrong, and what is said of them.
@Suite struct TokenizerAttackTests {
  struct Attack: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let kind: SmithError.Kind
    /// What the message must name.
    let says: String
    var testDescription: String { name }

    /// A tokenizer.json of which one part is given.
    static func json(
      _ name: String, _ kind: SmithError.Kind, _ says: String, model: String = wordPiece,
      parts: String = ""
    ) -> Attack {
      Attack(
        name: name, text: #"{"version": "1.0", \#(parts) "model": \#(model)}"#, kind: kind,
        says: says)
    }

    /// A byte-pair model of `a`, `b`, `ab` and what is given.
    static func bytePairs(_ parts: String, merges: String = "[]") -> String {
      #"{"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": \#(merges)\#(parts)}"#
    }

    static let wordPiece = #"{"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0}}"#
  }

  static let attacks: [Attack] = [
    Attack(name: "empty", text: "", kind: .truncated, says: "ends early"),
    Attack(name: "no object", text: "[1]", kind: .malformed, says: "model"),
    Attack(name: "no model", text: #"{"version": "1.0"}"#, kind: .malformed, says: "model"),
    .json("model without type", .malformed, "type", model: "{}"),
    .json("unknown model", .unsupported, "Markov", model: #"{"type": "Markov"}"#),
    .json("no vocabulary", .malformed, "vocab", model: #"{"type": "WordPiece"}"#),
    .json(
      "no unknown token", .missing, "[UNK]", model: #"{"type": "WordPiece", "vocab": {"a": 0}}"#),
    .json(
      "an id that is no number", .malformed, "[UNK]",
      model: #"{"type": "WordPiece", "vocab": {"[UNK]": "0"}}"#),
    .json(
      "a negative id", .malformed, "id", model: #"{"type": "WordPiece", "vocab": {"[UNK]": -1}}"#),
    .json(
      "an id in the billions", .malformed, "4000000000",
      model: #"{"type": "WordPiece", "vocab": {"[UNK]": 4000000000}}"#),
    .json(
      "the greatest id there is", .malformed, "9223372036854775807",
      model:
        #"{"type": "WordLevel", "unk_token": "u", "vocab": {"u": 0, "b": 9223372036854775807}}"#),
    .json(
      "a negative id around the text", .malformed, "-7",
      parts: #""post_processor": {"type": "BertProcessing", "cls": ["x", -7], "sep": ["y", 1]},"#),
    .json(
      "an id around the text that is no number", .malformed, "1.5",
      parts: """
        "post_processor": {"type": "TemplateProcessing", "pair": [],
          "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1.5]}},
          "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}]},
        """),
    .json(
      "an added token of a negative id", .malformed, "-5",
      parts: #""added_tokens": [{"id": -5, "content": "x"}],"#),
    .json(
      "an added token longer than any", .limit, "5000",
      parts: #""added_tokens": [{"id": 1, "content": ""# + String(repeating: "a", count: 5000)
        + #""}],"#),
    .json(
      "replacements that double", .limit, "longer",
      parts: #""normalizer": {"type": "Sequence", "normalizers": ["#
        + Array(
          repeating: #"{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}"#, count: 40
        ).joined(separator: ",") + "]},"),
    .json(
      "letters for bytes of letters for bytes", .limit, "longer",
      parts: #""pre_tokenizer": {"type": "Sequence", "pretokenizers": ["#
        + Array(repeating: #"{"type": "ByteLevel"}"#, count: 30).joined(separator: ",") + "]},"),
    .json(
      "decoders that double", .limit, "decoder",
      parts: #""decoder": {"type": "Sequence", "decoders": ["#
        + Array(
          repeating: #"{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}"#, count: 40
        ).joined(separator: ",") + "]},"),
    .json(
      "a sequence of thousands", .limit, "64 parts",
      parts: #""normalizer": {"type": "Sequence", "normalizers": ["#
        + Array(repeating: #"{"type": "Prepend", "prepend": "a"}"#, count: 1000)
        .joined(separator: ",") + "]},"),
    .json(
      "a piece of thousands of letters", .limit, "9000",
      model: #"{"type": "WordLevel", "unk_token": "u", "vocab": {"u": 0, ""#
        + String(repeating: "a", count: 9000) + #"": 1}}"#),
    .json(
      "an id beyond 64 bits", .malformed, "id",
      model: #"{"type": "WordPiece", "vocab": {"[UNK]": 99999999999999999999}}"#),
    .json(
      "one id twice", .malformed, "two pieces",
      model: #"{"type": "WordPiece", "vocab": {"[UNK]": 0, "a": 0}}"#),
    .json(
      "one piece twice", .mismatch, "twice",
      model: #"{"type": "WordPiece", "vocab": {"[UNK]": 0, "[UNK]": 1}}"#),
    .json("unknown normalizer", .unsupported, "Rot13", parts: #""normalizer": {"type": "Rot13"},"#),
    .json("normalizer without type", .malformed, "normalizer", parts: #""normalizer": {},"#),
    .json(
      "unknown splitter", .unsupported, "pre_tokenizer",
      parts: #""pre_tokenizer": {"type": "Axe"},"#),
    .json("unknown decoder", .unsupported, "decoder", parts: #""decoder": {"type": "Enigma"},"#),
    .json(
      "unknown template", .unsupported, "post_processor",
      parts: #""post_processor": {"type": "Frame"},"#),
    .json(
      "a template with a token that is not told", .malformed, "post_processor",
      parts: """
        "post_processor": {"type": "TemplateProcessing", "pair": [], "special_tokens": {},
          "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}]},
        """),
    .json(
      "an added token without content", .malformed, "added",
      parts: #""added_tokens": [{"id": 1}],"#),
    .json(
      "no merges", .malformed, "merges", model: #"{"type": "BPE", "vocab": {"a": 0}}"#),
    .json(
      "a merge of what is no piece", .missing, "merge 2 needs the piece c",
      model: Attack.bytePairs("", merges: #"["a b", "a c"]"#)),
    .json(
      "a merge to what is no piece", .missing, "merge 1 needs the piece ba",
      model: Attack.bytePairs("", merges: #"[["b", "a"]]"#)),
    .json(
      "a merge with less than what says that it continues", .malformed, "merge 1",
      model: Attack.bytePairs(
        ###", "continuing_subword_prefix": "##""###, merges: #"[["a", "b"]]"#)),
    .json(
      "a merge of three", .malformed, "merge 1",
      model: Attack.bytePairs("", merges: #"["a b a"]"#)),
    .json(
      "a merge of one", .malformed, "merge 2", model: Attack.bytePairs("", merges: #"["a b", ""]"#)
    ),
    .json(
      "a merge of three in a list", .malformed, "merge 1",
      model: Attack.bytePairs("", merges: #"[["a", "b", "a"]]"#)),
    .json(
      "a merge of numbers", .malformed, "merge 1", model: Attack.bytePairs("", merges: "[[0, 1]]")),
    .json("dropout", .unsupported, "0.1", model: Attack.bytePairs(#", "dropout": 0.1"#)),
    .json(
      "an unknown token that is no piece", .missing, "<unk>",
      model: Attack.bytePairs(#", "unk_token": "<unk>""#)),
    .json(
      "words without an unknown token", .missing, "<unk>",
      model: #"{"type": "WordLevel", "vocab": {"a": 0}}"#),
    .json(
      "an expression that is not known", .unsupported, #"[aeiou]+"#,
      parts: """
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[aeiou]+"}, "behavior": "Isolated"},
        """),
    .json(
      "a behavior that is not known", .unsupported, "Eaten",
      parts: #""pre_tokenizer": {"type": "Punctuation", "behavior": "Eaten"},"#),
    .json(
      "a split without a pattern", .malformed, "pattern",
      parts: #""pre_tokenizer": {"type": "Split", "behavior": "Isolated"},"#),
    .json(
      "a delimiter of two characters", .malformed, "delimiter",
      parts: #""pre_tokenizer": {"type": "CharDelimiterSplit", "delimiter": "ab"},"#),
    .json(
      "RoBERTa's template without a token", .malformed, "cls: post_processor: the id none",
      parts: #""post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2]},"#),
    .json(
      "sequences within sequences", .limit, "nested",
      parts: #""normalizer": "#
        + String(repeating: #"{"type": "Sequence", "normalizers": ["#, count: 20)
        + String(repeating: "]}", count: 20) + ","),
  ]

  @Test(arguments: attacks)
  func `a wrong file is refused`(_ attack: Attack) throws {
    let scratch = try Scratch()
    let path = try scratch.write(Array(attack.text.utf8), as: "tokenizer.json")
    do throws(SmithError) {
      _ = try Tokenizer.open(path)
      Issue.record("opened")
    } catch {
      #expect(error.kind == attack.kind, "\(error)")
      #expect("\(error)".contains(attack.says), "\(error)")
      #expect(error.place.file == path)
    }
  }

  /// Cut short anywhere, a file is refused and nothing traps.
  @Test func `a file cut short is refused`() throws {
    let whole = try Fixtures.bytes("models/tokenizers/wordpiece_cased.tokenizer.json")
    let scratch = try Scratch()
    for count in stride(from: 0, to: whole.count - 2, by: 97) {
      let path = try scratch.write(Array(whole[..<count]), as: "tokenizer.json")
      #expect(throws: SmithError.self) { try Tokenizer.open(path) }
    }
  }

  /// Texts that are no texts: every model gives something for them, and covers no more than there is.
  @Test(arguments: OriginalsTests.files)
  func `any text can be read`(_ file: String, _ set: String) throws {
    let tokenizer = try OriginalsTests.open(file)
    for text in Self.texts {
      let count = text.unicodeScalars.count
      let encoding = tokenizer.encode(text, pair: text)
      #expect(encoding.ids.allSatisfy { (0..<tokenizer.count).contains($0) })
      #expect(encoding.ids.count == encoding.tokens.count)
      #expect(encoding.ids.count == encoding.types.count)
      #expect(encoding.offsets.allSatisfy { $0.upperBound <= count })
      _ = tokenizer.decode(encoding.ids)
      #expect(tokenizer.encode(text, maximum: 5).ids.count <= 5)
    }
  }

  static let texts = [
    "", " ", "\u{0}", "\u{FFFD}", "\u{FEFF}", "\u{10FFFF}", "\u{300}", "\u{200D}\u{200D}",
    "\r\n\r\n", String(repeating: "a", count: 5000), String(repeating: "\u{301}", count: 5000),
    String(repeating: " ", count: 5000), "e" + String(repeating: "\u{327}\u{301}", count: 500),
    String(repeating: "👩‍👩‍👧‍👦", count: 200), "▁▁▁", "##a", "<0x0A>", "[CLS][SEP][MASK]", "\u{1F1E6}",
  ]
}
