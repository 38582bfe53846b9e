import Foundation
import TestSupport
import Testing

@testable import SmithTokenizers

/// Docs/Tokenizers.md names what the tables have, all of it and nothing else.
@Suite struct TokenizerPageTests {
  static let stages: [(key: String, types: Set<String>)] = [
    (Normalizers.key, Set(Normalizers.table.keys)), (Splitters.key, Set(Splitters.table.keys)),
    ("model", Set(Models.table.keys)), (Templates.key, Set(Templates.table.keys)),
    (Decoders.key, Set(Decoders.table.keys)),
  ]

  @Test(arguments: stages)
  func `the page lists the parts of every stage`(key: String, types: Set<String>) throws {
    let path = (Fixtures.root as NSString).deletingLastPathComponent + "/Docs/Tokenizers.md"
    let page = try String(contentsOfFile: path, encoding: .utf8)
    let row = try #require(page.split(separator: "\n").first { $0.hasPrefix("| \(key) |") })
    let words = row.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
    #expect(types.subtracting(words).isEmpty)
    // Sequences hold the others; what follows a word in brackets are its own words.
    let listed = row.replacing(/\(.*?\)/, with: "").replacing("in a Sequence", with: "")
    let named = Set(listed.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init))
    #expect(named.subtracting(types) == [key])
  }
}
