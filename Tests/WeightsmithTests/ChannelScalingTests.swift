import Foundation
import SmithKernels
import SmithModels
import TestSupport
import Testing

@testable import Weightsmith

/// Factors that change nothing before rounding, and make rounding lose less.
@Suite struct ChannelScalingTests {
  private static func model(_ path: String) throws -> Model {
    try Model(Checkpoint.open(Fixtures.path(path)))
  }

  private static func calibration(_ name: String) throws -> Calibration {
    Calibration(.tokens(Array(try GPTQTests.questions(name).prefix(40))))
  }

  /// The models whose folds are of every kind: post-norm, pre-norm, and relu.
  @Test(arguments: [
    ("trained/tiny_bert/hf", ["value"]), ("trained/tiny_albert/hf", ["norm", "value"]),
    ("models/albert_zh/preln", ["value", "norm"]),
  ])
  func `the scaled model is the same model`(path: String, kinds: [String]) throws {
    guard FileManager.default.fileExists(atPath: Fixtures.path(path)) else {
      Issue.record("no \(path)")
      return
    }
    let model = try Self.model(path)
    let input: VerificationInput = .standard
    let scaling = ChannelScaling(
      rule: .smooth, scheme: try #require(Schemes.named("int8-channel")),
      calibration: Calibration(input), source: model.source)
    let scaled = try model.applying(
      Transform(name: "scale") { parameters throws(SmithError) in
        try scaling.applied(to: parameters)
      })
    let finding = try #require(scaled.parameters.findings.first)
    for kind in kinds {
      #expect(
        finding.rows.contains { row in
          if case .text(let name) = row[0] { name.hasSuffix(kind) } else { false }
        }, "\(kind)")
    }
    var report = try Verification(of: scaled, against: model, policy: .exact).compare(on: input)
    #expect(!report.holds)
    // At the fold itself the activation is another; the layers are the same.
    report.layers.removeAll { $0.name == "embeddings" }
    report.judgesParameters = false
    #expect(report.layers.count > 2 && report.firstDivergence == nil, "\(report.layers)")
  }

  @Test(arguments: ["tiny_bert", "tiny_albert"])
  func `awq never loses more than rounding`(name: String) throws {
    let model = try Self.model("trained/\(name)/hf")
    let scheme = try #require(Schemes.named("int3-g32"))
    let smaller = try model.applying(.awq(scheme, on: Self.calibration(name)))
    let finding = try #require(smaller.parameters.findings.first { $0.title == "awq" })
    var better = 0
    for row in finding.rows {
      guard case .number(let before) = row[3], case .number(let after) = row[4] else { continue }
      #expect(after <= before)
      better += after < before ? 1 : 0
    }
    #expect(better > 0)
    #expect(smaller.parameters.notes.contains { $0.contains("not scaled") })
  }

  /// The definitions, in numbers that can be checked by hand.
  @Test func `factors`() throws {
    let saliency = ChannelScaling.saliency([4, 1, 0, 9], 0.5)
    for (found, expected) in zip(saliency, [2, 1, 1, 3].map { Float($0) / Float(3).squareRoot() }) {
      #expect(abs(found - expected) < 1e-6)
    }
    #expect(ChannelScaling.saliency([4, 1, 9], 0) == [1, 1, 1])
    var inputs = LayerStatistics(width: 3, gram: false)
    inputs.add([8, -1, 0, -2, 4, 0], workers: Workers(1))
    let factors = ChannelScaling.smoothing(inputs, [[2, 0.5, 1, -1, 0.25, 3]])
    // Too far apart for a factor of f32: left alone.
    var wide = LayerStatistics(width: 1, gram: false)
    wide.add([.greatestFiniteMagnitude], workers: Workers(1))
    #expect(ChannelScaling.smoothing(wide, [[0x1p-149]]) == [1])
    #expect(factors == [2, 8.0.squareRoot().asFloat, 1])
  }

  @Test func `refusals`() throws {
    let scheme = try #require(Schemes.named("int8-channel"))
    let elmo = try Self.model("models/elmo")
    let none = #expect(throws: SmithError.self) {
      try elmo.applying(.awq(scheme, on: Calibration(.standard)))
    }
    #expect(none?.kind == .refused)
    // Nothing says what ELMo's layers read: no method may pass plain rounding off as its own.
    let integers = try #require(AffineScheme(named: "int4-channel"))
    for transform in [
      Transform.gptq(integers, on: Calibration(.standard)),
      .quantize(.q4_0, importanceOn: Calibration(.standard)),
    ] {
      let error = #expect(throws: SmithError.self) { try elmo.applying(transform) }
      #expect(error?.kind == .refused && error?.detail.contains("layers read") == true)
    }
    let model = try Self.model("trained/tiny_bert/hf")
    let once = try model.applying(.quantize(scheme))
    let scratch = try Scratch()
    let path = "\(scratch.path)/once"
    try Conversion(once, to: "safetensors", as: .hf, at: path).run()
    let again = #expect(throws: SmithError.self) {
      try Model(Checkpoint.open(path)).applying(.awq(scheme, on: Calibration(.standard)))
    }
    #expect(again?.kind == .refused)
  }
}

extension Double {
  fileprivate var asFloat: Float { Float(self) }
}
