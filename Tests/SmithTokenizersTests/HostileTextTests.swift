import Foundation
import SmithBytes
import TestSupport
import Testing

@testable import SmithTokenizers

/// Texts and files that ask for the square of their length, and pieces that stand twice.
@Suite struct HostileTextTests {
  let scratch: Scratch

  /// The same sequence in every run.
  private struct Dice: RandomNumberGenerator {
    var state: UInt64 = 17
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  init() throws { scratch = try Scratch() }

  private func tokenizer(_ parts: String, vocabulary: String) throws -> Tokenizer {
    let json = """
      {"version": "1.0", \(parts) "model": {"type": "WordLevel", "unk_token": "u", "vocab": \(vocabulary)}}
      """
    return try Tokenizer.open(scratch.write(Array(json.utf8), as: "tokenizer.json"))
  }

  /// Marks of two classes in turn on one letter: 100,000 take Foundation eleven seconds.
  @Test(arguments: ["NFC", "NFKC"])
  func `marks without end are composed in time`(form: String) throws {
    let tokenizer = try tokenizer(#""normalizer": {"type": "\#(form)"},"#, vocabulary: #"{"u": 0}"#)
    let start = ContinuousClock.now
    let encoding = tokenizer.encode("a" + String(repeating: "\u{301}\u{316}", count: 50_000))
    #expect(ContinuousClock.now - start < .seconds(5))
    // The marks stand in the order of their classes: the last of them need not be the last of the text.
    #expect(encoding.offsets == [0..<100_000])
  }

  /// Mark by mark gives what Foundation gives, for clusters that both can do.
  @Test(arguments: NormalizationForm.allCases)
  func `long clusters are normalized as short ones`(form: NormalizationForm) {
    var generator = Dice()
    let starters: [Unicode.Scalar] = ["a", "E", "o", "\u{1100}", "\u{9C7}", "\u{3C9}", "\u{212B}"]
    let marks: [Unicode.Scalar] = [
      "\u{301}", "\u{316}", "\u{308}", "\u{327}", "\u{345}", "\u{1161}", "\u{11A8}", "\u{9BE}",
      "\u{31B}",
    ]
    for _ in 0..<300 {
      let count = Int.random(in: 60...80, using: &generator)
      var text = String.UnicodeScalarView([starters.randomElement(using: &generator) ?? "a"])
      for _ in 0..<count { text.append(marks.randomElement(using: &generator) ?? "\u{301}") }
      var aligned = AlignedText(of: String(text))
      form.normalize(&aligned)
      let wanted =
        switch form {
        case .nfc: String(text).precomposedStringWithCanonicalMapping
        case .nfkc: String(text).precomposedStringWithCompatibilityMapping
        case .nfd: String(text).decomposedStringWithCanonicalMapping
        case .nfkd: String(text).decomposedStringWithCompatibilityMapping
        }
      #expect(Exact(aligned.string) == Exact(wanted), "\(text.map(\.value))")
    }
  }

  @Test func `white space taken by one token after the other is read once`() throws {
    let tokens = ["x", " "].enumerated().map { id, text in
      #"{"id": \#(id + 1), "content": "\#(text)", "rstrip": true, "special": true}"#
    }
    let tokenizer = try tokenizer(
      #""added_tokens": [\#(tokens.joined(separator: ","))],"#, vocabulary: #"{"u": 0}"#)
    let start = ContinuousClock.now
    let encoding = tokenizer.encode("x" + String(repeating: " ", count: 100_000))
    #expect(ContinuousClock.now - start < .seconds(5))
    #expect(encoding.ids.first == 1)
  }

  /// As in the originals' dictionaries the last counts, also for a word that is one piece (judged by tokenizers' BertWordPieceTokenizer).
  @Test func `of a piece that stands twice the last counts`() throws {
    let lines = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\nhello\n##s\n##s\n"
    let path = try scratch.write(Array(lines.utf8), as: "vocab.txt")
    #expect(try Tokenizer.open(path).encode("hello hellos world").ids == [2, 7, 7, 9, 6, 3])
  }

  @Test func `what stands around a text stays, whatever the maximum`() throws {
    let tokenizer = try Tokenizer.open(
      TokenizerCase.folder.appending(path: "wordpiece_cased.vocab.txt"))
    #expect(tokenizer.template.specials(around: 1) == 2)
    #expect(tokenizer.template.specials(around: 2) == 3)
    #expect(tokenizer.encode("the fox", maximum: 1).ids.count == 2)
    #expect(tokenizer.encode("the", pair: "fox", maximum: 3).ids.count == 3)
  }
}
