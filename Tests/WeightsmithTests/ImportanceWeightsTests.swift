import Foundation
import TestSupport
import Testing
import Weightsmith

/// Matrices encoded with the importance of their columns, against `llama-quantize --imatrix` (Fixtures/generate/llama_bert.py).
@Suite struct ImportanceWeightsTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func model(_ path: String = "llama/bert") throws -> Model {
    try Model(Checkpoint.open(Fixtures.path(path)))
  }

  private func weights(_ file: String, of model: Model) throws -> ImportanceWeights {
    try ImportanceWeights(reading: Checkpoint.open(Fixtures.path(file)), for: model)
  }

  @Test(arguments: ["q4_0", "iq4_nl"], ["llama/imatrix.gguf", "llama/importance.npz"])
  func `tensors are llama-quantize's, from its own file and from vectors`(
    name: String, file: String
  ) throws {
    let model = try model()
    let scheme = try #require(Schemes.named(name))
    let quantized = try model.applying(
      .quantize(scheme, importance: weights(file, of: model)))
    let report = try Conversion(
      quantized, to: "gguf", as: .gguf, at: "\(scratch.path)/out.gguf"
    ).run()
    #expect(
      report.plan.notes.contains("without importance: 2 matrices, first embeddings.word"))
    let truth = try Contents(Fixtures.path("llama/bert-\(name)-weighed.gguf"))
    #expect(try Contents("\(scratch.path)/out.gguf").differences(from: truth) == [])
    let plain = try model.applying(.quantize(scheme))
    try Conversion(plain, to: "gguf", as: .gguf, at: "\(scratch.path)/plain.gguf").run()
    #expect(try Contents("\(scratch.path)/plain.gguf").differences(from: truth).count == 12)
  }

  /// Nobody can make the codes again from the weights alone.
  @Test func `verify calls such tensors approximate`() throws {
    let model = try model()
    let quantized = try model.applying(
      .quantize(.q4_k, importance: weights("llama/imatrix.gguf", of: model)))
    try Conversion(quantized, to: "safetensors", as: .hf, at: "\(scratch.path)/out").run()
    let written = try Model(Checkpoint.open("\(scratch.path)/out"))
    let report = try Verification(of: written, against: model).compare(on: .standard)
    let verdicts = Dictionary(grouping: report.tensors, by: \.verdict).mapValues(\.count)
    #expect(verdicts[.approximate] == 12 && verdicts[.encoded] == 2)
  }

  @Test func `what weighs nothing sensibly is refused`() throws {
    let model = try model()
    let name = "blocks.0.attention.query.weight"
    let cases: [([Float], SmithError.Kind)] = [
      ([1, 2], .mismatch), ([Float](repeating: -1, count: 64), .malformed),
      ([Float](repeating: .nan, count: 64), .malformed),
      ([Float](repeating: .infinity, count: 64), .malformed),
    ]
    for (values, kind) in cases {
      let weights = ImportanceWeights([name: values])
      let error = #expect(throws: SmithError.self) {
        _ = try model.applying(.quantize(.q4_0, importance: weights))
      }
      #expect(error?.kind == kind && error?.place.item == name)
    }
    let weights = ImportanceWeights([name: [Float](repeating: 1, count: 64)])
    let error = #expect(throws: SmithError.self) {
      _ = try model.applying(.quantize(.q8_0, importance: weights))
    }
    #expect(error?.kind == .refused && error?.remedy?.hasPrefix("--scheme q4_0, or") == true)
  }

  @Test func `names that are no matrix of the model are an error`() throws {
    let model = try model()
    let error = #expect(throws: SmithError.self) {
      _ = try weights("llama/bert/model.safetensors", of: model)
    }
    #expect(error?.kind == .mismatch && error?.place.item != nil)
    let albert = try self.model("trained/tiny_albert/hf")
    let refusal = #expect(throws: SmithError.self) {
      _ = try weights("llama/imatrix.gguf", of: albert)
    }
    #expect(refusal?.kind == .refused)
  }
}
