import Testing
import Weightsmith

@Suite struct GlobTests {
  @Test(arguments: [
    ("*", "anything", true), ("*", "", true), ("a*c", "abc", true), ("a*c", "ac", true),
    ("a*c", "abd", false),
    ("*.weight", "blocks.0.attention.query.weight", true), ("b?", "b1", true), ("b?", "b", false),
    ("*a*b*", "xxaxxbxx", true), ("*a*b", "ba", false), ("", "", true), ("", "x", false),
  ])
  func `matches whole names`(pattern: String, name: String, matches: Bool) {
    #expect(Glob(pattern).matches(name) == matches)
  }

  @Test func `many stars do not make it slow`() {
    let name = String(repeating: "a", count: 5000)
    #expect(!Glob(String(repeating: "*a", count: 50) + "*b").matches(name))
  }
}
