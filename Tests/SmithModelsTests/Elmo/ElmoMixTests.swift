import Foundation
import SmithBytes
import SmithKernels
import TestSupport
import Testing

@testable import SmithModels

/// Layers and mixes against what AllenNLP's own module computed (Fixtures/generate/elmo_allennlp.py): the second program that ELMo's
/// authors wrote, with other gates, other highways and other padding.
@Suite struct ElmoMixTests {
  let fixture: ElmoFixture
  let input: ElmoInput

  init() throws {
    var fixture = try ElmoFixture()
    let mixes = try ElmoFixture.tensors("allennlp/canonical")
    fixture.tensors = fixture.tensors.filter { !$0.key.hasPrefix("output.") }
      .merging(mixes) { $1 }
    fixture.configuration.wordLength = 50
    self.fixture = fixture
    input = ElmoInput(characters: try #require(mixes["input.char_ids"]).cube)
  }

  private func compare(
    _ prefix: String, count: Int, _ norm: ElmoConfiguration.MixNorm,
    _ backend: some ComputeBackend
  ) throws {
    var configuration = fixture.configuration
    configuration.mixNorm = norm
    let elmo = try Elmo(configuration, parameters: fixture, backend: backend)
    let result = try elmo.forward(input)
    let expected = fixture.tensors.filter { $0.key.hasPrefix(prefix) }
    #expect(expected.count == count)
    for (name, tensor) in expected {
      let tap = try #require(result[String(name.dropFirst(prefix.count))])
      #expect(tap.shape == tensor.shape)
      let difference = largestDifference(
        tap.values, tensor.floats, mask: input.mask(of: tap.name))
      #expect(difference < 1e-5, "\(name) differs by \(difference)")
    }
  }

  @Test(arguments: Backends.all.map(\.name))
  func `layers and mixes equal the module's`(name: String) throws {
    let backend = try #require(Backends.named(name))
    try compare("output.", count: 5, .none, backend)
    try compare("normed.", count: 2, .wordsAndMarkers, backend)
    try compare("output.", count: 5, .none, Backends.reference)
  }

  /// bilm counts the words alone, so a mix of one layer has mean 0 and deviation γ over them.
  @Test func `a mix normed over words has their mean and deviation`() throws {
    var fixture = fixture
    fixture.configuration.mixNorm = .words
    for (layer, weight) in [Float(100), 0, 0].enumerated() {
      fixture.tensors["parameter.mixes.0.weights.\(layer)"] = EncoderFixture.Tensor([weight])
    }
    let elmo = try Elmo(fixture.configuration, parameters: fixture, backend: Backends.reference)
    let mix = try #require(elmo.forward(input)["mixes.0"])
    let mask = input.mask(of: mix.name).joined().flatMap { [Int](repeating: $0, count: 10) }
    let seen = zip(mix.values, mask).filter { $0.1 == 1 }.map(\.0)
    let mean = seen.reduce(0, +) / Double(seen.count)
    let variance = seen.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(seen.count)
    #expect(abs(mean) < 1e-7 && abs(variance.squareRoot() - 1.7) < 1e-6)
  }

  @Test func `words of the module are ours`() {
    let long = "pneumonoultramicroscopicsilicovolcanoconiosis-and-more"
    #expect(
      ElmoInput(words: [["Hello", "wörld", ",", long, "long"], ["ok", "."]]) == input)
    #expect(ElmoInput(marked: input.characters) == nil)
  }

  @Test func `a mix without a layer's weight is refused`() throws {
    var fixture = fixture
    fixture.tensors["parameter.mixes.1.weights.2"] = nil
    let error = #expect(throws: SmithError.self) {
      try Elmo(fixture.configuration, parameters: fixture, backend: Backends.reference)
    }
    #expect(error?.place.item == "mixes.1.weights.2")
  }
}
