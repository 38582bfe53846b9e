import Foundation
import TestSupport
import Testing
import Weightsmith

/// The last matrix of the masked-language head and its bias: copies of others, or weights of their own.
@Suite struct DecoderTests {
  typealias Tensor = Variant.Tensor

  static let heads = ["albert": "predictions.", "bert": "cls.predictions."]

  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// The sample with a decoder that is the word table times a factor, and with a second bias that is the first plus a number.
  private func model(
    _ family: String, decoder factor: Float? = nil, bias shift: Float? = nil, tied: Bool? = nil
  ) throws -> Model {
    let head = try #require(Self.heads[family])
    let settings: [String: Any] = tied.map { ["tie_word_embeddings": $0] } ?? [:]
    return try Variant(of: family, in: scratch).model(settings: settings) { tensors in
      var tensors = tensors
      let table = tensors.first { $0.name.hasSuffix("word_embeddings.weight") }
      let bias = tensors.first { $0.name == head + "bias" }
      if let table, let factor {
        tensors.append((head + "decoder.weight", table.shape, table.values.map { $0 * factor }))
      }
      if let bias, let shift {
        tensors.append((head + "decoder.bias", bias.shape, bias.values.map { $0 + shift }))
      }
      return tensors
    }
  }

  private func fate(of tensor: String, in model: Model) -> TensorFate? {
    model.parameters.fates.first { $0.tensor.hasSuffix(tensor) }
  }

  @Test(arguments: ["albert", "bert"], [nil, true, false])
  func `an equal decoder is a copy`(family: String, tied: Bool?) throws {
    let model = try model(family, decoder: 1, tied: tied)
    let fate = fate(of: "decoder.weight", in: model)
    #expect(fate?.kind == .copy && fate?.detail == "embeddings.word")
    #expect(!model.configuration.isUntied)
    #expect(try Variant.isSame(model, as: Variant.original(family)))
  }

  /// It is another model: kept where there is a name for it, refused where there is none, and seen by verify.
  @Test(arguments: ["albert", "bert"], [nil, true, false])
  func `an untied decoder is kept or refused, never lost`(family: String, tied: Bool?) throws {
    let model = try model(family, decoder: 2, tied: tied)
    #expect(model.notes.contains { $0.hasPrefix("untied") } && model.configuration.isUntied)
    let report = try Verification(of: model, against: Variant.original(family))
      .compare(on: .standard)
    #expect(report.firstDivergence == "heads.mlm.logits")
    #expect(report.failingTensors.map(\.name) == ["heads.mlm.decoder.weight"])
    for names in [Dialect.Name.hf, .flax] {
      let folder = "\(scratch.path)/\(names)"
      let kept = try model.written(as: Form(container: "safetensors", names: names), to: folder)
      #expect(try Variant.isSame(kept, as: model))
      let json = try Variant.json(folder + "/config.json")
      #expect(json["tie_word_embeddings"] as? Bool == false)
    }
    for names in [Dialect.Name.original, .keras] {
      let error = #expect(throws: SmithError.self) {
        try Conversion(model, to: "tf", as: names, at: "\(scratch.path)/out").run()
      }
      #expect(error?.kind == .refused && error?.detail.contains("heads.mlm.decoder.weight") == true)
    }
  }

  /// Where the decoder is not tied, transformers does not tie its bias either, and begins one anew that the file lacks.
  @Test(arguments: ["albert", "bert"])
  func `the bias of an untied decoder is written beside the head's`(family: String) throws {
    let form = Form(container: "safetensors", names: .hf)
    let head = try #require(Self.heads[family])
    for (factor, names) in [
      (Float(1), ["bias"]), (2, ["bias", "decoder.bias", "decoder.weight"]),
    ] {
      let folder = "\(scratch.path)/\(factor)"
      let written = try model(family, decoder: factor).written(as: form, to: folder)
      let contents = try Contents(written.checkpoint).tensors
      let found = contents.keys.filter { $0.hasPrefix(head) }.map {
        String($0.dropFirst(head.count))
      }
      #expect(found.filter { !$0.contains("dense.") && !$0.contains("Norm") }.sorted() == names)
      if factor == 1 {
        #expect(try Variant.json(folder + "/config.json")["tie_word_embeddings"] == nil)
      } else {
        #expect(contents[head + "bias"] == contents[head + "decoder.bias"])
      }
    }
  }

  /// A model trained with both has two: transformers adds the decoder's, whichever release reads it.
  @Test(arguments: ["albert", "bert"], [Float(0), 1])
  func `of two biases the decoder's counts`(family: String, shift: Float) async throws {
    let model = try model(family, bias: shift)
    let ways: [TensorFate.Kind] = shift == 0 ? [.used, .copy] : [.copy, .used]
    #expect(
      [fate(of: "predictions.bias", in: model), fate(of: "decoder.bias", in: model)].map {
        $0?.kind
      }
        == ways)
    #expect(model.notes.isEmpty == (shift == 0))
    let report = try Verification(of: model, against: Variant.original(family))
      .compare(on: .standard)
    #expect(report.failingTensors.map(\.name) == (shift == 0 ? [] : ["heads.mlm.bias"]))
    let input = EncoderInput(ids: [[5, 6, 7, 8]])
    let name = "heads.mlm.logits"
    let moved = try #require(await model.forward(input)[name]).values
    let first = try #require(await Variant.original(family).forward(input)[name]).values
    #expect(zip(moved, first).allSatisfy { abs($0 - $1 - shift) < 1e-4 })
  }

  /// The configuration promises a decoder that the file does not have; transformers would begin one anew.
  @Test(arguments: ["albert", "bert"])
  func `a promised decoder that is missing is an error`(family: String) throws {
    let error = #expect(throws: SmithError.self) { try model(family, tied: false) }
    #expect(error?.kind == .missing)
    #expect(error?.detail == "heads.mlm.decoder.weight: no tensor for it")
    // TensorFlow's classes take the word table whatever the configuration says.
    let keras = try Model(
      Checkpoint.open(Fixtures.path("models/\(family)/hf/tf_model.h5")),
      options: Model.Options(settings: ["tie_word_embeddings": false]))
    #expect(!keras.configuration.isUntied)
  }
}
