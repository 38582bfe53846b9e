import SmithBytes
import Testing

@testable import SmithTokenizers

/// Every file in the fixtures' folder that a tokenizer can be opened from, against what the original program made of hard texts.
@Suite struct OriginalsTests {
  /// The file and the set of its cases.
  static let files: [(file: String, set: String)] = FolderListing.names(
    in: TokenizerCase.folder
  ).sorted().compactMap { name in
    let endings = [".tokenizer.json", ".vocab.txt", ".merges.txt", ".model"]
    return endings.first { name.hasSuffix($0) }.map { (name, String(name.dropLast($0.count))) }
  }

  /// SentencePiece's own program knows no family's conventions.
  static func open(_ file: String) throws -> Tokenizer {
    try Tokenizer.open(
      TokenizerCase.folder.appending(path: file),
      family: file.hasSuffix(".model") ? "sentencepiece" : nil)
  }

  @Test(arguments: files)
  func `a text gives the ids of the original`(_ file: String, _ set: String) throws {
    let tokenizer = try Self.open(file)
    let cases = try TokenizerCase.all(set)
    #expect(cases.count > 10)
    for one in cases { try one.check(tokenizer) }
  }

  @Test(arguments: files)
  func `ids give the text of the original`(_ file: String, _ set: String) throws {
    let tokenizer = try Self.open(file)
    for one in try TokenizerCase.all(set) { try one.checkDecoding(tokenizer) }
  }
}

/// A text that equals another one byte for byte.
struct Exact: Equatable, CustomStringConvertible {
  let text: String
  init(_ text: String) { self.text = text }
  var description: String { text.debugDescription }
  static func == (left: Exact, right: Exact) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }
}
