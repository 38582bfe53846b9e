import Foundation
import TestSupport
import Testing

/// README's library example is the code that `PublicAPITests` runs, so it compiles and does what it says.
@Suite struct ReadmeTests {
  private static func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  @Test func `the example is tested line by line`() throws {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let tests = try Self.text(here.appendingPathComponent("PublicAPITests.swift").path)
    let readme = try Self.text((Fixtures.root as NSString).deletingLastPathComponent + "/README.md")
    let block = try #require(readme.components(separatedBy: "```swift\n").dropFirst().first)
    let example = try #require(block.components(separatedBy: "```").first)
    let lines = example.split(separator: "\n").map { line in
      line.components(separatedBy: "  //")[0]
        .replacingOccurrences(of: "\"albert_base/\"", with: "albert")
        .replacingOccurrences(of: "\"out/\"", with: "out")
    }
    #expect(lines.count > 8)
    // The formatter may break a line in the test.
    let run = tests.filter { !$0.isWhitespace }
    for line in lines { #expect(run.contains(line.filter { !$0.isWhitespace }), "\(line)") }
  }
}
