import SmithBytes
import SmithKernels
import Testing

@testable import SmithModels

/// The forward pass against what the original graph computed.
@Suite struct ElmoParityTests {
  let fixture: ElmoFixture

  init() throws { fixture = try ElmoFixture() }

  private func compare(_ backend: some ComputeBackend, within tolerance: Double) throws {
    let elmo = try Elmo(fixture.configuration, parameters: fixture, backend: backend)
    let result = try elmo.forward(fixture.input, taps: .everything)
    #expect(fixture.outputs.map(\.name) == ["embeddings", "outputs.0", "outputs.1", "outputs.2"])
    for (name, expected) in fixture.outputs {
      let tap = try #require(result[name], "\(name) is not among the taps")
      #expect(tap.shape == expected.shape, "\(name)")
      let difference = largestDifference(
        tap.values, expected.floats, mask: fixture.input.mask(of: name))
      #expect(difference < tolerance, "\(name) differs by \(difference)")
    }
  }

  @Test(arguments: Backends.all.map(\.name))
  func `every layer equals the original graph's`(name: String) throws {
    let backend = try #require(Backends.named(name))
    try compare(backend, within: 1e-5)
  }

  @Test func `the double reference equals it to the original's rounding`() throws {
    try compare(Backends.reference, within: 2e-6)
  }

  @Test func `single precision stays within its rounding of the reference`() throws {
    let single = try Elmo(
      fixture.configuration, parameters: fixture, backend: CKernelsBackend<Float>())
    let double = try Elmo(fixture.configuration, parameters: fixture, backend: Backends.reference)
    let a = try single.forward(fixture.input, taps: .everything)
    let b = try double.forward(fixture.input, taps: .everything)
    #expect(a.taps.map(\.name) == b.taps.map(\.name))
    for (x, y) in zip(a.taps, b.taps) {
      #expect(largestDifference(x.values, y.values) < 2e-6, "\(x.name)")
    }
  }

  @Test func `every step is on the tape, in the order of computation`() throws {
    let elmo = try Elmo(
      fixture.configuration, parameters: fixture, backend: CKernelsBackend<Float>())
    let all = try elmo.forward(fixture.input, taps: .everything)
    #expect(
      all.taps.map(\.name) == [
        "embeddings.convolutions", "embeddings.highways.0", "embeddings.highways.1", "embeddings",
        "layers.0.forward", "layers.0.backward", "layers.1.forward", "layers.1.backward",
        "outputs.0", "outputs.1", "outputs.2",
      ])
    let few = try elmo.forward(fixture.input)
    #expect(few.taps.map(\.name) == ["outputs.0", "outputs.1", "outputs.2"])
  }

  /// What a wrong reading of the paper or of either original program would change.
  @Test func `a wrong activation, clip, skip, gate order, highway or direction is seen`() throws {
    let right = try outputs(fixture)
    let changes: [(inout ElmoFixture) -> Void] = [
      { $0.configuration.activation = .tanh }, { $0.configuration.cellClip = nil },
      { $0.configuration.stateClip = nil }, { $0.configuration.skipsConnections = false },
      { swap(&$0, "blocks.1.forward.candidate.bias", "blocks.1.forward.forgetGate.bias") },
      { swap(&$0, "blocks.0.forward.projection.weight", "blocks.0.backward.projection.weight") },
      { swap(&$0, "embeddings.highways.0.carry.weight", "embeddings.highways.0.transform.weight") },
      { swap(&$0, "embeddings.highways.0.carry.bias", "embeddings.highways.1.carry.bias") },
    ]
    for (index, change) in changes.enumerated() {
      var wrong = fixture
      change(&wrong)
      #expect(largestDifference(try outputs(wrong), right) > 1e-3, "change \(index)")
    }
  }

  private func swap(_ fixture: inout ElmoFixture, _ a: String, _ b: String) {
    let (old, new) = (fixture.tensors["parameter.\(a)"], fixture.tensors["parameter.\(b)"])
    (fixture.tensors["parameter.\(a)"], fixture.tensors["parameter.\(b)"]) = (new, old)
  }

  private func outputs(_ fixture: ElmoFixture) throws -> [Double] {
    let elmo = try Elmo(fixture.configuration, parameters: fixture, backend: Backends.reference)
    return try #require(elmo.forward(fixture.input)["outputs.2"]).values
  }
}
