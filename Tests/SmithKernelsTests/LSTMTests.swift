import Foundation
import SmithBytes
import TestSupport
import Testing

@testable import SmithKernels

/// The kernels that ELMo runs on against torch's own and against NumPy in double precision (Fixtures/generate/lstm_torch.py).
@Suite struct LSTMTests {
  private struct Case: Decodable {
    var name: String
    var forgetBias: Double
    var cellClip, stateClip: Double?
    var reversed, projected: Bool
    var states: [Double]
  }

  private struct Convolved: Decodable {
    var length, width, columns: Int
    var x, filters, bias, pooled: [Double]
  }

  private struct Highway: Decodable {
    var width: Int
    var x, carry, carryBias, transform, transformBias, out: [Double]
  }

  private struct Truth: Decodable {
    var lengths: [Int]
    var stateWidth, memoryWidth: Int
    var x, input, state, wideState, bias, projection: [Double]
    var cases: [Case]
    var convolution: Convolved
    var highway: Highway
  }

  private let truth: Truth

  init() throws {
    truth = try JSONDecoder().decode(Truth.self, from: Data(Fixtures.bytes("elmo/lstm.json")))
  }

  private func linear<Backend: ComputeBackend>(
    _ weights: [Double], _ bias: [Double]?, outputs: Int, _ backend: Backend
  ) -> Linear<Backend> {
    Linear(
      weights.map { Backend.Scalar($0) }, bias: bias?.map { Backend.Scalar($0) },
      inputs: weights.count / outputs, outputs: outputs, backend: backend)
  }

  private func run<Backend: ComputeBackend>(_ it: Case, _ backend: Backend) -> LSTMRun<Backend> {
    let (p, d) = (truth.stateWidth, truth.memoryWidth)
    let cell = LSTMCell(
      input: linear(truth.input, truth.bias, outputs: 4 * d, backend),
      state: linear(it.projected ? truth.state : truth.wideState, nil, outputs: 4 * d, backend),
      projection: it.projected ? linear(truth.projection, nil, outputs: p, backend) : nil,
      forgetBias: it.forgetBias, cellClip: it.cellClip, stateClip: it.stateClip)
    return LSTMRun(cell: cell, x: truth.x.map { Backend.Scalar($0) }, isReversed: it.reversed)
  }

  private func check<Backend: ComputeBackend>(_ backend: Backend, within limit: Double) {
    #expect(truth.cases.count == 8)
    for it in truth.cases {
      func states(_ workers: Int) -> [Backend.Scalar] {
        Compute(backend: backend, workers: Workers(workers))
          .lstm([run(it, backend)], lengths: truth.lengths)[0]
      }
      let one = states(1)
      // torch computes in single precision.
      let allowed = it.name.hasPrefix("torch") ? max(limit, 1e-6) : limit
      #expect(largestDifference(one, it.states) < allowed, "\(it.name)")
      #expect(states(3) == one, "\(it.name) with three workers")
    }
  }

  @Test(arguments: Backends.all.map(\.name))
  func `states are torch's and NumPy's`(name: String) throws {
    let backend = try #require(Backends.named(name))
    check(backend, within: 1e-6)
  }

  @Test func `states in double precision`() { check(Backends.reference, within: 1e-13) }

  @Test func `cells side by side are each alone`() throws {
    let backend = CKernelsBackend<Float>()
    let compute = Compute(backend: backend, workers: Workers(2))
    let some = truth.cases.filter(\.projected)
    let together = compute.lstm(some.map { run($0, backend) }, lengths: truth.lengths)
    for (it, states) in zip(some, together) {
      #expect(
        states == compute.lstm([run(it, backend)], lengths: truth.lengths)[0], "\(it.name)")
    }
  }

  @Test(arguments: Backends.all.map(\.name))
  func `filters are torch's, the largest of all places`(name: String) throws {
    func check<Backend: ComputeBackend>(_ backend: Backend) {
      let it = truth.convolution
      let filters = Convolution(
        width: it.width, filters: linear(it.filters, it.bias, outputs: it.bias.count, backend))
      let compute = Compute(backend: backend, workers: Workers(2))
      let pooled = compute.maxOverPlaces(
        it.x.map { Backend.Scalar($0) }, length: it.length, filters, .relu)
      #expect(largestDifference(pooled, it.pooled) < 1e-6)
    }
    let backend = try #require(Backends.named(name))
    check(backend)
    check(Backends.reference)
  }

  @Test func `a highway lets through what its gate does not replace`() {
    let (it, backend) = (truth.highway, Backends.reference)
    let made = Compute(backend: backend, workers: Workers(2)).highway(
      it.x, carry: linear(it.carry, it.carryBias, outputs: it.width, backend),
      transform: linear(it.transform, it.transformBias, outputs: it.width, backend))
    #expect(largestDifference(made, it.out) < 1e-13)
  }
}
