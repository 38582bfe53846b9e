import SmithBytes
import SmithKernels
import SmithModels
import Testing

/// The forward pass against what the models' original programs computed (Fixtures/generate/encoder_*.py).
@Suite struct EncoderParityTests {
  static let samples = [
    "albert_google_tf", "albert_google_tf_groups", "albert_zh_preln", "albert_zh_postln",
    "bert_google_tf", "bert_google_tf_finetuned_classifier", "bert_google_tf_finetuned_squad",
    "bert_huggingface",
  ]

  /// Every output of the fixture is among the taps, with its shape and, within `tolerance`, its values.
  func compare(
    _ fixture: EncoderFixture, _ backend: some ComputeBackend, within tolerance: Double
  ) throws {
    let encoder = try Encoder(fixture.configuration, parameters: fixture, backend: backend)
    let result = try encoder.forward(fixture.input, taps: .everyLayer)
    #expect(!fixture.outputs.isEmpty)
    for (name, expected) in fixture.outputs {
      let tap = try #require(result[name], "\(name) is not among the taps")
      #expect(tap.shape == expected.shape, "\(name)")
      let difference = largestDifference(tap.values, expected.floats)
      #expect(difference < tolerance, "\(name) differs by \(difference)")
    }
  }

  @Test(arguments: samples, Backends.all.map(\.name))
  func `every layer and head equals the original program's`(sample: String, name: String) throws {
    let backend = try #require(Backends.named(name))
    try compare(EncoderFixture(sample), backend, within: 2e-5)
  }

  @Test(arguments: samples)
  func `the double reference equals the original program's to its rounding`(sample: String) throws {
    try compare(EncoderFixture(sample), Backends.reference, within: 1e-5)
  }

  @Test(arguments: samples)
  func `single precision stays within its rounding of the reference`(sample: String) throws {
    let fixture = try EncoderFixture(sample)
    let single = try Encoder(
      fixture.configuration, parameters: fixture, backend: CKernelsBackend<Float>())
    let double = try Encoder(
      fixture.configuration, parameters: fixture, backend: Backends.reference)
    let a = try single.forward(fixture.input, taps: .everything)
    let b = try double.forward(fixture.input, taps: .everything)
    #expect(a.taps.map(\.name) == b.taps.map(\.name))
    for (x, y) in zip(a.taps, b.taps) {
      let largest = y.values.reduce(1) { max($0, abs($1)) }
      let difference = largestDifference(x.values, y.values) / largest
      // The rows of padding in Google's masks lose digits to -10000, so the floor is not 1e-7.
      #expect(difference < 5e-6, "\(x.name) differs by \(difference)")
    }
  }

  @Test(arguments: Activation.allCases)
  func `every activation equals the library's`(activation: Activation) throws {
    var fixture = try EncoderFixture("bert_huggingface")
    let expected = try #require(fixture.tensors["activation.\(activation.rawValue)"]).floats
    fixture.configuration.activation = activation
    let encoder = try Encoder(
      fixture.configuration, parameters: fixture, backend: CKernelsBackend<Float>())
    let last = try encoder.forward(fixture.input, taps: .everyLayer)["layers.2.output"]
    #expect(largestDifference(try #require(last).values, expected) < 5e-6)
  }

  @Test func `all groups and inner blocks of ALBERT run`() throws {
    let fixture = try EncoderFixture("albert_google_tf_groups")
    #expect(fixture.configuration.schedule == [0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3])
    #expect(fixture.outputs.filter { $0.name.hasPrefix("layers.") }.count == 12)
  }

  @Test func `a wrong gelu, epsilon, mask, norm place or schedule is seen`() throws {
    let fixture = try EncoderFixture("bert_google_tf")
    let right = try logits(fixture, fixture.configuration)
    let changes: [(inout EncoderConfiguration) -> Void] = [
      { $0.activation = .gelu }, { $0.layerNormEpsilon = 1e-5 }, { $0.maskValue = .additive(0) },
      { $0.normPlacement = .pre }, { $0.schedule = [0, 2, 1] }, { $0.headCount = 4 },
    ]
    for (index, change) in changes.enumerated() {
      var configuration = fixture.configuration
      change(&configuration)
      let wrong = try logits(fixture, configuration)
      #expect(largestDifference(wrong, right) > 1e-5, "change \(index)")
    }
  }

  private func logits(
    _ fixture: EncoderFixture, _ configuration: EncoderConfiguration
  ) throws -> [Double] {
    let encoder = try Encoder(configuration, parameters: fixture, backend: Backends.reference)
    return try #require(encoder.forward(fixture.input)["heads.mlm.logits"]).values
  }
}
