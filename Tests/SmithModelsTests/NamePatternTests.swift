import Testing

@testable import SmithModels

@Suite struct NamePatternTests {
  @Test(arguments: [
    ("bert/encoder/layer_{b}/output", "bert/encoder/layer_11/output", ["b": 11]),
    ("g_{g}/k_{k}", "g_0/k_3", ["g": 0, "k": 3]),
    ("LayerNorm_1/gamma", "LayerNorm_1/gamma", [:]),
    ("{b}", "7", ["b": 7]),
  ])
  func `a name of the pattern gives its numbers and is given back by them`(
    pattern: String, name: String, numbers: [String: Int]
  ) {
    let pattern = NamePattern(pattern)
    #expect(pattern.match(name) == numbers)
    #expect(pattern.filled(with: numbers) == name)
    #expect(pattern.skeleton == NamePattern.skeleton(of: name) && pattern.words == [])
  }

  @Test(arguments: [
    "layer_/x", "layer_01/x", "layer_1/x/y", "layer_1", "xlayer_1/x", "layer_-1/x",
    "layer_1234567/x",
    "layer_1a/x", "",
  ])
  func `nothing but the whole name matches`(name: String) {
    #expect(NamePattern("layer_{b}/x").match(name) == nil)
  }

  @Test(
    arguments: [
      ("heads.{@head}.dense", "heads.mnli.dense", "mnli", [:]),
      (
        "heads.{@head}.dense", "heads.sentence_classification_head.dense",
        "sentence_classification_head", [:]
      ),
      ("heads.{@head}.dense", "heads.7 żółw-é{@head}.dense", "7 żółw-é{@head}", [:]),
      ("l/{b}/{@head}", "l/11/x", "x", ["b": 11]),
      ("{@head}", "x", "x", [:]),
    ] as [(String, String, String, [String: Int])])
  func `a place may take text, and is given back by it`(
    pattern: String, name: String, word: String, numbers: [String: Int]
  ) {
    let pattern = NamePattern(pattern)
    let match = pattern.matching(name)
    #expect(match?.words == ["head": word] && match?.numbers == numbers)
    #expect(pattern.filled(with: numbers, words: ["head": word]) == name)
    #expect(pattern.words == ["head"] && pattern.skeleton == nil)
  }

  /// A part of a name, never two: `a.b` is somebody else's.
  @Test(arguments: [
    "heads..dense", "heads.a.b.dense", "heads.a/b.dense", "heads.a", "heads.dense",
    "heads.a.dense.",
    "xheads.a.dense",
  ])
  func `text ends at the next separator`(name: String) {
    #expect(NamePattern("heads.{@head}.dense").matching(name) == nil)
  }
}
