import Foundation
import TestSupport
import Testing
import Weightsmith

/// A training checkpoint of PyTorch: the model under a key, behind `module.`, with an optimizer beside it.
@Suite struct TorchTrainingTests {
  @Test func `it is the model that it was saved from`() throws {
    let options = Model.Options(configuration: Fixtures.path("models/bert/hf/config.json"))
    let trained = try Model(
      Checkpoint.open(Fixtures.path("torch/bert_training.pt")), options: options)
    #expect(trained.family == "bert")
    #expect(trained.checkpoint.metadata["step"] == "12")
    let fate = trained.parameters.fates.first { $0.tensor == "optimizer.state.0.step" }
    #expect(fate?.kind == .ignored)
    #expect(fate?.detail == "state of the training")

    let scratch = try Scratch()
    let original = try Model(Checkpoint.open(Fixtures.path("models/bert/hf")))
    for (name, model) in [("trained", trained), ("original", original)] {
      let format = try #require(Formats.all.first { $0.name == "torch" })
      let conversion = Conversion(
        .model(model), to: .init(format: format, names: .hf), at: "\(scratch.path)/\(name)")
      _ = try conversion.run(try conversion.prepare())
    }
    let written = FileManager.default.contents(atPath: "\(scratch.path)/trained/pytorch_model.bin")
    let expected = FileManager.default.contents(
      atPath: "\(scratch.path)/original/pytorch_model.bin")
    #expect(try #require(written).count > 18_000)
    #expect(written == expected)
  }
}
