import SmithBytes
import TestSupport
import Testing

@testable import SmithTokenizers

/// SentencePiece models that are wrong, and what is said of them.
@Suite struct SentencePieceAttackTests {
  struct Attack: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let kind: SmithError.Kind
    /// What the message must name.
    let says: String
    var testDescription: String { name }

    init(_ name: String, _ kind: SmithError.Kind, _ says: String, _ bytes: [UInt8]) {
      self.name = name
      self.bytes = bytes
      self.kind = kind
      self.says = says
    }

    /// A model of a few pieces, of which one part is changed.
    init(
      _ name: String, _ kind: SmithError.Kind, _ says: String, pieces: [TestPiece] = TestPiece.few,
      trainer: [(Int, UInt64)] = [], charsmap: [UInt8]? = nil
    ) {
      self.init(name, kind, says, TestPiece.model(pieces, trainer: trainer, charsmap: charsmap))
    }
  }

  static let attacks: [Attack] = [
    Attack("empty", .missing, "unknown", []),
    Attack("a text", .unsupported, "no SentencePiece", Array("IQ== 0\nIg== 1\n".utf8)),
    Attack("a field without end", .truncated, "field", [0x0A, 0x7F, 1, 2]),
    Attack(
      "a length beyond 63 bits", .truncated, "field",
      [0x0A] + [UInt8](repeating: 0xFF, count: 9) + [1]),
    Attack(
      "a piece that is no message", .malformed, "wire type", [0x0A, 0x02, 0x0F, 0x01]),
    Attack("no unknown", .missing, "unknown", pieces: [TestPiece("a")]),
    Attack("two unknowns", .malformed, "2", pieces: TestPiece.few + [TestPiece("u", kind: 2)]),
    Attack("an empty piece", .malformed, "empty", pieces: TestPiece.few + [TestPiece("")]),
    Attack("a piece twice", .malformed, "twice", pieces: TestPiece.few + [TestPiece("a")]),
    Attack(
      "a control twice", .malformed, "twice", pieces: TestPiece.few + [TestPiece("<s>", kind: 3)]),
    Attack(
      "a kind that is none", .unsupported, "9", pieces: TestPiece.few + [TestPiece("x", kind: 9)]),
    Attack(
      "a score that is no number", .malformed, "score",
      pieces: TestPiece.few + [TestPiece("x", score: .nan)]),
    Attack(
      "a score without end", .malformed, "score",
      pieces: TestPiece.few + [TestPiece("x", score: -.infinity)]),
    Attack(
      "bytes without fallback", .malformed, "byte",
      pieces: TestPiece.few + [TestPiece("<0x41>", kind: 6)]),
    Attack(
      "a byte that is none", .malformed, "none",
      pieces: TestPiece.few + [TestPiece("<0x4>", kind: 6)], trainer: [(35, 1)]),
    Attack("fallback without bytes", .missing, "<0x00>", trainer: [(35, 1)]),
    Attack("a model of words", .unsupported, "word", trainer: [(3, 3)]),
    Attack("a model of characters", .unsupported, "char", trainer: [(3, 4)]),
    Attack("a model of another kind", .unsupported, "77", trainer: [(3, 77)]),
    Attack("a map without a size", .truncated, "bytes", charsmap: [1, 2]),
    Attack(
      "a map with a huge trie", .truncated, "bytes", charsmap: [0xFC, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]),
    Attack("a map without a trie", .malformed, "trie", charsmap: [0, 0, 0, 0, 0]),
    Attack(
      "a map of half a unit", .malformed, "trie", charsmap: [6, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0]),
    Attack(
      "a map whose root leads outside", .malformed, "outside",
      charsmap: TestPiece.map([0xFFFF_FFFF], "x\0")),
    Attack(
      "a map whose rule leads outside", .malformed, "outside",
      charsmap: TestPiece.map(units(offset: 0x1F_FFFF), "x\0")),
    Attack(
      "a replacement outside", .malformed, "replacement",
      charsmap: TestPiece.map(units(value: 2), "x\0")),
    Attack(
      "a root that is its own child", .malformed, "replacement",
      charsmap: TestPiece.map(rootUnits, "x\0")),
    Attack(
      "a replacement amid a character", .malformed, "replacement",
      charsmap: TestPiece.map(units(value: 1), "é\0")),
    Attack(
      "a replacement without end", .malformed, "no end",
      charsmap: TestPiece.map(units(value: 0), "x")),
    Attack(
      "no replacements", .malformed, "replacement", charsmap: TestPiece.map(units(value: 0), "")),
  ]

  /// A trie with one rule, for `a`: the root's children begin at 0, the rule's at `offset` from its own place.
  static func units(offset: UInt32 = 0x60, value: UInt32 = 0) -> [UInt32] {
    var units = [UInt32](repeating: 0, count: 256)
    units[0x61] = offset << 10 | 1 << 8 | 0x61
    units[0x01] = 1 << 31 | value
    return units
  }

  /// A trie whose root is found again over `a`, with a value that is none.
  static var rootUnits: [UInt32] {
    var units = [UInt32](repeating: 0, count: 256)
    units[0] = 0x61 << 10 | 1 << 8 | 0x61
    units[0x61] = 0x7FFF_FFFF
    return units
  }

  @Test(arguments: attacks)
  func isRefused(_ attack: Attack) throws {
    let scratch = try Scratch()
    let path = try scratch.write(attack.bytes, as: "spiece.model")
    do throws(SmithError) {
      _ = try Tokenizer.open(path)
      Issue.record("opened")
    } catch {
      #expect(error.kind == attack.kind, "\(error)")
      #expect("\(error)".contains(attack.says), "\(error)")
      #expect(error.place.file == path)
    }
  }

  /// What the attacks change is fine as it stands.
  @Test func acceptsWhatIsRight() throws {
    let scratch = try Scratch()
    let map = TestPiece.map(Self.units(), "bb\0")
    let path = try scratch.write(TestPiece.model(TestPiece.few, charsmap: map), as: "spiece.model")
    let tokenizer = try Tokenizer.open(path, family: "sentencepiece")
    #expect(tokenizer.encode("ca").tokens == ["▁", "c", "b", "b"])
    #expect(tokenizer.encode("a").offsets == [0..<0, 0..<1, 0..<1])
  }

  /// Cut short anywhere, or with any byte changed, a model opens or is refused, and reads text if it opens.
  @Test func survivesChangedBytes() throws {
    let scratch = try Scratch()
    for name in ["t5/spiece.model", "llama/tokenizer.model"] {
      let whole = try Fixtures.bytes("models/tokenizers/sentencepiece/" + name)
      for index in stride(from: 0, to: whole.count, by: 199) {
        try survive(Array(whole[..<index]), scratch)
        for bit in [0, 4, 7] {
          var changed = whole
          changed[index] ^= 1 << UInt8(bit)
          try survive(changed, scratch)
        }
      }
    }
  }

  private func survive(_ bytes: [UInt8], _ scratch: Scratch) throws {
    let path = try scratch.write(bytes, as: "spiece.model")
    do throws(SmithError) {
      let tokenizer = try Tokenizer.open(path, family: "sentencepiece")
      let ids = tokenizer.encode("The ½ ﬁne\u{200B} fox … 2,000é").ids
      #expect(ids.allSatisfy { (0..<tokenizer.count).contains($0) })
      _ = tokenizer.decode(ids)
    } catch { #expect(error.place.file == path) }
  }

  /// Time grows with the text and not with its square, which here would be minutes.
  @Test(arguments: ["llama/tokenizer.model", "xlnet/spiece.model"])
  func readsLongTexts(_ name: String) throws {
    let tokenizer = try Tokenizer.open(SentencePieceFamilyTests.folder.appending(path: name))
    for unit in ["a", " ", "ab ", "日", "\u{301}", "2,", "▁"] {
      let text = String(repeating: unit, count: 20_000)
      let encoding = tokenizer.encode(text)
      #expect(encoding.ids.count <= 3 * 20_000 + 4)
      #expect(
        !tokenizer.decode(encoding.ids).isEmpty || unit == " " || unit == "▁" || unit == "\u{301}")
    }
  }
}

/// A piece of a model that a test writes.
struct TestPiece: Sendable {
  let text: String
  let score: Float
  let kind: UInt64

  init(_ text: String, score: Float = -1, kind: UInt64 = 1) {
    self.text = text
    self.score = score
    self.kind = kind
  }

  static let few = [
    TestPiece("<unk>", kind: 2), TestPiece("<s>", kind: 3), TestPiece("a"), TestPiece("b"),
    TestPiece("c"), TestPiece("▁"),
  ]

  /// A model file.
  static func model(
    _ pieces: [TestPiece], trainer: [(Int, UInt64)] = [], charsmap: [UInt8]? = nil
  ) -> [UInt8] {
    var writer = ProtobufWriter()
    for piece in pieces {
      writer.message(1) { message in
        message.bytes(1, Array(piece.text.utf8))
        message.fixed32(2, piece.score.bitPattern)
        message.varint(3, piece.kind)
      }
    }
    writer.message(2) { message in
      for (field, value) in trainer { message.varint(field, value) }
    }
    if let charsmap { writer.message(3) { $0.bytes(2, charsmap) } }
    return writer.bytes
  }

  /// A character map.
  static func map(_ units: [UInt32], _ replacements: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt32(units.count * 4))
    for unit in units { bytes.append(littleEndian: unit) }
    return bytes + replacements.utf8
  }
}
