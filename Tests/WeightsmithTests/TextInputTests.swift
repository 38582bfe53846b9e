import Foundation
import SmithBytes
import SmithTokenizers
import TestSupport
import Testing

@testable import Weightsmith

/// Text as input: what `make_trained.py` and transformers made of the cloze sentences is what our tokenizers and models must make of them.
@Suite struct TextInputTests {
  static let trained = ["tiny_bert", "tiny_albert"]

  struct Question: Sendable {
    let text: String
    let ids: [Int]
    let maskAt: Int
    let top: Int
  }

  static func questions(_ name: String) throws -> [Question] {
    let json = try JSON.parse(try Fixtures.bytes("trained/cloze.json"))
    return try #require(json[name]?["rows"]?.arrayValue).map { row in
      let sentence = try #require(row["sentence"]?.stringValue)
      let word = try #require(row["word"]?.stringValue)
      var words = sentence.split(separator: " ").map(String.init)
      // The words of these sentences are tokens, and a word may stand there twice.
      let place = try #require(row["mask_at"]?.intValue) - 1
      #expect(words[place] == word)
      words[place] = "[MASK]"
      return Question(
        text: words.joined(separator: " "),
        ids: (row["ids"]?.arrayValue ?? []).compactMap(\.intValue),
        maskAt: try #require(row["mask_at"]?.intValue), top: try #require(row["top1"]?.intValue))
    }
  }

  static func model(_ name: String) throws -> Model {
    try Model(Checkpoint.open(Fixtures.path("trained/\(name)/hf")))
  }

  @Test(arguments: trained)
  func `a sentence reads as the ids of the original`(_ name: String) throws {
    let questions = try Self.questions(name)
    let (rows, cut) = try Self.model(name).tokens(of: questions.map(\.text))
    #expect(questions.count > 100)
    #expect(rows == questions.map(\.ids))
    #expect(cut == 0)
  }

  @Test(arguments: trained)
  func `a mask is filled as the original fills it`(_ name: String) throws {
    let questions = try Self.questions(name)
    let model = try Self.model(name)
    let tokenizer = try model.tokenizer()
    let output = try model.run(on: .text(questions.map(\.text)))
    let answers = model.answers(
      in: output, on: questions.map(\.ids), tokenizer: tokenizer, count: 2
    ).filter { $0.head == "mlm" }
    #expect(answers.map(\.text) == Array(questions.indices))
    #expect(answers.map(\.place) == questions.map { Optional($0.maskAt) })
    #expect(
      answers.map { $0.choices.first?.label } == questions.map { tokenizer.token($0.top) })
    #expect(answers.allSatisfy { $0.choices.count == 2 })
    #expect(
      answers.allSatisfy { (answer) in
        answer.choices[0].probability >= answer.choices[1].probability
          && answer.choices.reduce(0) { $0 + $1.probability } <= 1.000001
      })
  }

  /// The positions of the model are what a text is cut to.
  @Test func `a text is cut to the positions of the model`() throws {
    let model = try Self.model("tiny_bert")
    let text = String(repeating: "the ", count: 100)
    let (rows, cut) = try model.tokens(of: [text, "the"])
    #expect(cut == 1)
    #expect(rows.map(\.count) == [64, 3])
    #expect(rows[0].last == rows[1].last)
    var notes: [String] = []
    _ = try VerificationInput.text([text]).read(by: model) { notes.append($0) }
    #expect(notes == ["1 of 1 texts cut to the 64 tokens that the model reads"])
  }

  @Test func `a GGUF has its tokenizer within`() throws {
    let scratch = try Scratch()
    let path = scratch.path.appending(path: "x.gguf")
    let original = try Self.model("tiny_bert")
    try Conversion(original, to: "gguf", as: .gguf, at: path).run()
    let questions = try Self.questions("tiny_bert")
    let model = try Model(Checkpoint.open(path))
    #expect(try model.tokens(of: questions.map(\.text)).rows == questions.map(\.ids))
    #expect(try Tokenizer.open(near: path).encode(questions[0].text).ids == questions[0].ids)
  }

  @Test func `a model without tokenizer says so`() throws {
    let model = try Model(Checkpoint.open(Fixtures.path("models/bert/hf")))
    do throws(SmithError) {
      _ = try model.run(on: .text(["a"]))
      Issue.record("ran")
    } catch {
      #expect(error.kind == .missing)
      #expect(error.remedy?.contains("--tokenizer") == true)
    }
  }

  /// A tokenizer of another model gives ids that the word table has no rows for.
  @Test func `a tokenizer of another model is refused`() throws {
    let model = try Model(Checkpoint.open(Fixtures.path("models/bert/hf")))
    let file = Fixtures.path("trained/tiny_bert/hf/vocab.txt")
    do throws(SmithError) {
      _ = try model.tokens(of: ["the zebra"], tokenizer: file)
      Issue.record("ran")
    } catch { #expect(error.kind == .mismatch) }
  }

  /// A broken tokenizer is an error, not a reason to take another model's.
  @Test func `a broken tokenizer is not passed over`() throws {
    let scratch = try Scratch()
    let folder = scratch.path.appending(path: "broken")
    try FileManager.default.copyItem(
      atPath: Fixtures.path("trained/tiny_bert/hf"), toPath: folder)
    try FileManager.default.removeItem(atPath: folder + "/vocab.txt")
    try scratch.write(Array("a\nb\n".utf8), as: "broken/vocab.txt")
    let broken = try Model(Checkpoint.open(folder))
    let error = #expect(throws: SmithError.self) {
      try Verification(of: Self.model("tiny_bert"), against: broken).compare(on: .text(["the"]))
    }
    #expect(error?.kind == .missing && error?.detail.contains("[UNK]") == true)
    try FileManager.default.removeItem(atPath: folder + "/vocab.txt")
    #expect(
      try Verification(of: Self.model("tiny_bert"), against: broken).compare(on: .text(["the"]))
        .holds)
  }

  /// A vocabulary with marks stripped by a step of its own is the same in GGUF.
  @Test func `a GGUF strips the marks that the tokenizer strips`() throws {
    let scratch = try Scratch()
    let folder = scratch.path.appending(path: "bert")
    try FileManager.default.copyItem(
      atPath: Fixtures.path("trained/tiny_bert/hf"), toPath: folder)
    let pieces = try Fixtures.bytes("trained/tiny_bert/hf/vocab.txt").split(separator: 10)
    let vocabulary = JSON.object(
      pieces.enumerated().reduce(into: JSONObject()) {
        $0[String(decoding: $1.element, as: UTF8.self)] = .integer($1.offset)
      })
    let json = """
      {"version": "1.0", "pre_tokenizer": {"type": "BertPreTokenizer"}, "normalizer": {"type": "Sequence",
      "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}]}, "post_processor": {"type": "BertProcessing",
      "cls": ["[CLS]", 2], "sep": ["[SEP]", 3]}, "model": {"type": "WordPiece", "vocab": \(vocabulary.serialized())}}
      """
    try scratch.write(Array(json.utf8), as: "bert/tokenizer.json")
    let model = try Model(Checkpoint.open(folder))
    let path = scratch.path.appending(path: "x.gguf")
    try Conversion(model, to: "gguf", as: .gguf, at: path).run()
    let wanted = try model.tokens(of: ["thé cát"]).rows
    #expect(wanted[0].count == 4 && !wanted[0].contains(1))
    #expect(try Model(Checkpoint.open(path)).tokens(of: ["thé cát"]).rows == wanted)
  }

  static let calibrations: [(text: String, rows: Int?)] = [
    ("[1] tokyo is the capital\nthe capital\n", 2), ("[MASK] is the capital\n", 1),
    ("2,31,5l,3\n2,31,51,3\n2 4 3\n", nil), ("a\u{2028}b\nc\r\nd", 3),
  ]

  @Test(arguments: calibrations)
  func `a calibration file is text or ids, never a guess in silence`(
    text: String, rows: Int?
  ) throws {
    let scratch = try Scratch()
    let path = try scratch.write(Array(text.utf8), as: "lines.txt")
    guard let rows else {
      let error = #expect(throws: SmithError.self) { try Calibration(file: path) }
      #expect(error?.kind == .malformed && error?.place.item == "row 0")
      return
    }
    guard case .text(let texts) = try Calibration(file: path).input else {
      Issue.record("no text")
      return
    }
    #expect(texts.count == rows)
  }

  /// Lines of text calibrate as the same lines do in ids.
  @Test func `lines of text calibrate as their ids do`() throws {
    let questions = Array(try Self.questions("tiny_bert").prefix(8))
    let scratch = try Scratch()
    let lines = questions.map { $0.text + "\n" }.joined()
    let path = try scratch.write(Array(lines.utf8), as: "lines.txt")
    let model = try Self.model("tiny_bert")
    let read = try Calibration(Calibration(file: path).input.read(by: model))
      .statistics(of: model)
    let wanted = try Calibration(.tokens(questions.map(\.ids))).statistics(of: model)
    #expect(!wanted.isEmpty)
    #expect(read.mapValues(\.squares) == wanted.mapValues(\.squares))
  }
}
