import SmithBytes
import TestSupport
import Testing

@testable import SmithTokenizers

/// Byte-pair vocabularies in two files: how they are found, and what they are taken for.
@Suite struct BytePairFilesTests {
  static func bytes(_ name: String) throws -> [UInt8] {
    try Fixtures.bytes("models/tokenizers/" + name)
  }

  /// The names that the programs give the two files: those of one vocabulary find each other.
  @Test(arguments: [
    ("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe"),
    ("encoder_bpe_40000.json", "vocab_40000.bpe"), ("tiny.vocab.json", "tiny.merges.txt"),
    ("tiny-vocab.json", "tiny-merges.txt"),
  ])
  func `both files are found`(_ pieces: String, _ merges: String) throws {
    let scratch = try Scratch()
    try scratch.write(Self.bytes("roberta_bpe.vocab.json"), as: pieces)
    try scratch.write(Self.bytes("roberta_bpe.merges.txt"), as: merges)
    let folder = try TokenizerFolder(scratch.path)
    let found = try #require(try Tokenizer.find(in: folder))
    #expect(found.file == pieces)
    for name in [pieces, merges] {
      let tokenizer = try Tokenizer.open(scratch.path.appending(path: name))
      for one in try TokenizerCase.all("roberta_bpe") { try one.check(tokenizer) }
    }
  }

  @Test(arguments: ["vocab.json", "merges.txt"])
  func `the other file is asked for`(_ name: String) throws {
    let scratch = try Scratch()
    let path = try scratch.write(Self.bytes("roberta_bpe." + name), as: name)
    do throws(SmithError) {
      _ = try Tokenizer.open(path)
      Issue.record("opened")
    } catch {
      #expect(error.kind == .missing)
      #expect("\(error)".contains(name == "vocab.json" ? "merges.txt" : "vocab.json"))
    }
  }

  /// Files that are wrong: each is named with its line or its merge.
  @Test(arguments: [
    ("[]", "a b\n", "vocab.json", "vocab"), (#"{"a": 0}"#, "a b\n", "merges.txt", "merge 1"),
    (#"{"a": 0, "b": 1, "ab": 2}"#, "#version: 0.2\na b\n\na b\n", "merges.txt", "merge 2"),
    (#"{"a": 0, "b": 1, "ab": 2}"#, "a b\na  b\n", "merges.txt", "merge 2"),
    (#"{"a": 0, "b": "1"}"#, "", "vocab.json", "id"), ("", "", "vocab.json", "ends early"),
  ])
  func `wrong files are refused`(
    _ pieces: String, _ merges: String, _ file: String, _ says: String
  ) throws {
    let scratch = try Scratch()
    try scratch.write(Array(merges.utf8), as: "merges.txt")
    let path = try scratch.write(Array(pieces.utf8), as: "vocab.json")
    do throws(SmithError) {
      _ = try Tokenizer.open(path)
      Issue.record("opened")
    } catch {
      #expect(error.place.file?.hasSuffix(file) == true, "\(error)")
      #expect("\(error)".contains(says), "\(error)")
    }
  }

  /// A first space where the settings say so, and the special tokens that they name.
  @Test func `settings are read`() throws {
    let scratch = try Scratch()
    try scratch.write(Self.bytes("roberta_bpe.vocab.json"), as: "vocab.json")
    try scratch.write(Self.bytes("roberta_bpe.merges.txt"), as: "merges.txt")
    let settings =
      #"{"add_prefix_space": true, "cls_token": "<pad>", "sep_token": {"content": "</s>"}}"#
    try scratch.write(Array(settings.utf8), as: "tokenizer_config.json")
    let folder = try TokenizerFolder(scratch.path, family: "roberta")
    let tokenizer = try #require(try Tokenizer.find(in: folder)).tokenizer
    let (bare, framed) = (tokenizer.encode("the"), tokenizer.encode(" the"))
    #expect(bare.ids == framed.ids)
    #expect(bare.ids.first == 1)
    #expect(bare.ids.last == 2)
    #expect(bare.offsets[1] == 0..<3)
  }

  /// fairseq's ids: four special tokens, then GPT-2's ids as the dictionary lists them, then the mask.
  @Test func `dictionaries of fairseq are read`() throws {
    let gpt2 = try #require(JSON.parse(Self.bytes("byte_bpe.vocab.json")).objectValue)
    let order = gpt2.compactMap(\.value.intValue).sorted { ($0 * 7) % 379 < ($1 * 7) % 379 }
    // The dictionary of a corpus where one piece never came.
    let listed = order.dropLast()
    let scratch = try Scratch()
    try scratch.write(Self.bytes("byte_bpe.vocab.json"), as: "encoder.json")
    try scratch.write(Self.bytes("byte_bpe.merges.txt"), as: "vocab.bpe")
    let lines = listed.map { "\($0) 5\n" }.joined() + "madeupword0000 0\n"
    try scratch.write(Array(lines.utf8), as: "dict.txt")
    let folder = try TokenizerFolder(scratch.path, family: "roberta")
    let tokenizer = try #require(try Tokenizer.find(in: folder)).tokenizer
    #expect(tokenizer.count == 4 + listed.count + 2)
    #expect(tokenizer.id(of: "<mask>") == tokenizer.count - 1)
    let places = Dictionary(uniqueKeysWithValues: listed.enumerated().map { ($1, $0 + 4) })
    for one in try TokenizerCase.all("byte_bpe") where !one.text.contains("<") {
      let encoding = tokenizer.encode(one.text)
      #expect(encoding.ids == [0] + one.ids.map { places[$0] ?? 3 } + [2], "\(one)")
    }
  }
}
