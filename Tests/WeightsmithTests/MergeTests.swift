import Foundation
import SmithBytes
import SmithModels
import TestSupport
import Testing
import Weightsmith

/// Merges of two checkpoints against mergekit's formulas in numpy (`merges.py`): equal, near, far, zero and opposite tensors.
@Suite struct MergeTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private static func model(_ path: String) throws -> Model {
    try Model(Checkpoint.open(Fixtures.path(path)))
  }

  @Test(arguments: Interpolation.Method.allCases, ["models/bert/hf", "models/bert/google_tf"])
  func `gives what numpy gives`(method: Interpolation.Method, base: String) throws {
    // Google's file has the same numbers in another layout.
    let merged = try Self.model(base).merging(
      Self.model("merges/other"), Interpolation(method, t: 0.3))
    let out = "\(scratch.path)/out"
    try Conversion(merged, to: "safetensors", as: .hf, at: out).run()
    let ours = try SafetensorsFile("\(out)/model.safetensors")
    let theirs = try SafetensorsFile(Fixtures.path("merges/\(method.rawValue).safetensors"))
    var compared = 0
    for (name, shape, values) in theirs.tensors where !ours.shape(name).isEmpty {
      #expect(ours.shape(name) == shape)
      let worst = zip(ours[name], values).map { abs($0 - $1) }.max() ?? 0
      #expect(worst <= 1e-6, "\(name)")
      compared += 1
    }
    #expect(compared > 50)
  }

  /// At its ends the merge is the one model or the other, to the last bit.
  @Test(arguments: Interpolation.Method.allCases)
  func `ends are the models`(method: Interpolation.Method) throws {
    let (a, b) = (try Self.model("models/bert/hf"), try Self.model("merges/other"))
    for (t, end) in [(0.0, a), (1.0, b)] {
      let report = try TransformReport(from: end, to: a.merging(b, Interpolation(method, t: t)))
      #expect(report.changed.isEmpty, "\(t)")
    }
    for t in [0.2, 0.5, 0.77] {
      let report = try TransformReport(from: a, to: a.merging(a, Interpolation(method, t: t)))
      #expect(report.changed.isEmpty, "\(t)")
    }
  }

  @Test(arguments: [
    ("trained/tiny_bert/hf", "hidden"), ("models/roberta/hf", "family"),
    ("models/albert/hf", "family"),
    ("models/bert/google_tf_finetuned_classifier", "parts"),
  ])
  func `other configurations`(other: String, named: String) throws {
    let error = #expect(throws: SmithError.self) {
      try Self.model("models/bert/hf").merging(
        Self.model(other), Interpolation(.linear, t: 0.5))
    }
    #expect(error?.kind == .refused && error?.detail.contains(named) == true)
  }

  @Test(arguments: [-0.1, 1.1, .nan, .infinity])
  func `shares that cannot be`(t: Double) throws {
    let model = try Self.model("models/bert/hf")
    let error = #expect(throws: SmithError.self) {
      try model.merging(model, Interpolation(.linear, t: t))
    }
    #expect(error?.kind == .usage)
  }

  /// Merging is a step like others: what comes after it sees the merged numbers.
  @Test func `composes with transforms`() throws {
    let (a, b) = (try Self.model("models/bert/hf"), try Self.model("merges/other"))
    let merged = try a.merging(b, Interpolation(.linear, t: 0.5))
    let shared = try merged.applying(.share(.mean), .change(to: .albert))
    let written = try shared.written(
      as: Form(container: "safetensors", names: .hf), to: "\(scratch.path)/albert")
    #expect(written.family == "albert")
    #expect(try TransformReport(from: shared, to: written).changed.isEmpty)
  }
}
