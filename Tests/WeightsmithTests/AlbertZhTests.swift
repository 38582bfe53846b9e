import SmithBytes
import TestSupport
import Testing
import Weightsmith

/// brightmart/albert_zh's three structures against what that code computed.
@Suite struct AlbertZhTests {
  /// Folder, family, dialect, distinct blocks.
  static let forms: [(folder: String, family: String, dialect: Dialect.Name, blocks: Int)] = [
    ("postln", "albert_zh", .original, 1), ("preln", "albert_zh", .original, 1),
    ("google_fast", "albert", .googleFast, 2),
  ]

  private static func model(_ folder: String) throws -> Model {
    try Model(Checkpoint.open(Fixtures.path("models/albert_zh/\(folder)")))
  }

  @Test(arguments: forms.map(\.folder))
  func `computes what the original computed`(folder: String) throws {
    let model = try Self.model(folder)
    let reference = try ReferenceOutputs(
      Fixtures.path("models/albert_zh/\(folder)/reference.safetensors"))
    let report = try Verification(of: model, against: model).compare(against: reference)
    #expect(report.refusals.isEmpty && report.layers.count == 8)
    for layer in report.layers { #expect(layer.maxAbs < 2e-5, "\(layer.name)") }
  }

  @Test(arguments: forms.indices)
  func `is recognised as what it is`(index: Int) throws {
    let form = Self.forms[index]
    let model = try Self.model(form.folder)
    #expect(model.family == form.family && model.dialect == form.dialect)
    #expect(model.configuration.runningBlocks.count == form.blocks)
    #expect(model.configuration.encoder.normPlacement == (form.folder == "preln" ? .pre : .post))
  }

  @Test(arguments: ["postln", "preln"])
  func `goes back into its own names byte for byte`(folder: String) throws {
    let scratch = try Scratch()
    let model = try Self.model(folder)
    let written = try model.written(
      as: Form(container: "tf", names: .original), to: "\(scratch.path)/tf")
    let (old, new) = (try Contents(model.checkpoint), try Contents(written.checkpoint))
    #expect(old.differences(from: new) == [])
    #expect(written.configuration == model.configuration)
  }

  /// The dense matrices of the grouped kernels are in the converted sample; zeros and all.
  @Test func `grouped kernels expand to what Hugging Face's ALBERT has`() throws {
    let scratch = try Scratch()
    let written = try Self.model("google_fast").written(
      as: Form(container: "safetensors", names: .hf), to: "\(scratch.path)/hf")
    let sample = Fixtures.path("models/albert_zh/google_fast_as_hf_albert")
    let (ours, theirs) = (try Contents(written.checkpoint), try Contents(sample))
    #expect(ours.differences(from: theirs) == [])
  }

  @Test func `grouped kernels are read, not written`() throws {
    let scratch = try Scratch()
    let error = #expect(throws: SmithError.self) {
      try Self.model("google_fast").written(
        as: Form(container: "tf", names: .googleFast), to: "\(scratch.path)/tf")
    }
    #expect(error?.kind == .refused && error?.remedy?.contains("google_fast") == false)
  }

  @Test func `an unknown place of the norms is named with the two there are`() throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("models/albert_zh/postln"))
    let options = Model.Options(settings: ["ln_type": "midln"])
    let error = #expect(throws: SmithError.self) { try Model(checkpoint, options: options) }
    #expect(error?.description.contains("postln, preln") == true)
  }
}
