import Foundation
import TestSupport
import Testing
import Weightsmith

/// BERT out of an object graph of TensorFlow's Model Garden; its outputs are compared in `EndToEndTests`.
@Suite struct ModelGardenTests {
  private static let folder = "models/bert/model_garden"
  private static let nsp = "models/bert/model_garden_nsp/bert_model.ckpt-1.index"

  /// The checkpoint without the configuration beside it.
  private func bare(_ scratch: Scratch) throws -> Checkpoint {
    for name in ["bert_model.ckpt-1.index", "bert_model.ckpt-1.data-00000-of-00001"] {
      try scratch.write(Fixtures.bytes("\(Self.folder)/\(name)"), as: "bare/\(name)")
    }
    return try Checkpoint.open("\(scratch.path)/bare/bert_model.ckpt-1")
  }

  /// Kernels with their heads apart say how many there are; the activation nobody says.
  @Test func `the heads come from the shapes, the activation is asked for`() throws {
    let checkpoint = try bare(Scratch())
    let error = #expect(throws: SmithError.self) { try Model(checkpoint) }
    #expect(error?.kind == .missing && error?.place.item == "hidden_act")
    let model = try Model(checkpoint, options: .init(settings: ["hidden_act": "gelu"]))
    #expect(model.dialect == .modelGarden && model.configuration[.heads] == 3)
    #expect(model.configuration.activation == .geluTanh && model.configuration.heads == ["mlm"])
    let wrong = #expect(throws: SmithError.self) {
      try Model(
        checkpoint, options: .init(settings: ["hidden_act": "gelu", "num_attention_heads": 4]))
    }
    #expect(wrong?.kind == .usage && wrong?.detail.contains("3 by the shapes") == true)
    let before = #expect(throws: SmithError.self) {
      try Model(checkpoint, options: .init(settings: ["hidden_act": "gelu", "norm_first": true]))
    }
    #expect(before?.kind == .usage)
  }

  /// Google's own checkpoint, which the Model Garden's converter made this one of: every parameter is the same number.
  @Test func `it is the model that it was converted from`() throws {
    let model = try Model(Checkpoint.open(Fixtures.path(Self.folder)))
    let google = try Model(Checkpoint.open(Fixtures.path("models/bert/google_tf")))
    let report = try Verification(of: model, against: google).compare(on: .standard)
    let differing = report.tensors.filter { $0.verdict != .equal }
    #expect(Set(differing.map(\.name)) == ["heads.nsp.weight", "heads.nsp.bias"])
    #expect(differing.allSatisfy { $0.verdict == .missing })
    #expect(report.layers.allSatisfy { $0.isWithin })
  }

  @Test func `a head's own pooler is the model's, and the encoder's has that fate`() throws {
    let model = try Model(Checkpoint.open(Fixtures.path(Self.nsp)))
    #expect(
      model.parameters.recipes["pooler.weight"]?.sources == [
        "bert/next_sentence/pooler_dense/kernel"
      ])
    let fates = model.parameters.fates.filter { $0.tensor.contains("pooler_transform") }
    #expect(fates.map(\.detail) == ["the head has its own", "the head has its own"])
  }

  @Test func `it is read and not written`() throws {
    let scratch = try Scratch()
    let model = try Model(Checkpoint.open(Fixtures.path(Self.folder)))
    let work = try Conversion(model, to: "tf", as: .modelGarden, at: "\(scratch.path)/x")
    let error = #expect(throws: SmithError.self) { try work.run() }
    #expect(error?.kind == .refused && error?.detail.contains("model-garden") == true)
  }
}
