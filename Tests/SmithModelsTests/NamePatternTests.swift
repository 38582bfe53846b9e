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
    #expect(pattern.skeleton == NamePattern.skeleton(of: name))
  }

  @Test(arguments: [
    "layer_/x", "layer_01/x", "layer_1/x/y", "layer_1", "xlayer_1/x", "layer_-1/x",
    "layer_1234567/x",
    "layer_1a/x", "",
  ])
  func `nothing but the whole name matches`(name: String) {
    #expect(NamePattern("layer_{b}/x").match(name) == nil)
  }
}
