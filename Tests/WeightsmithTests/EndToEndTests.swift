import Foundation
import TestSupport
import Testing
import Weightsmith

/// Every sample of the two families: recognised, and computing what the original program computed.
@Suite struct EndToEndTests {
  @Test func `the fixtures have both families in every container and dialect`() {
    let found = Set(Samples.models.map { "\($0.family) \($0.dialect.rawValue)" })
    #expect(
      found
        == Set(
          ["albert", "bert"].flatMap { f in
            ["original", "hf", "keras", "flax"].map { "\(f) \($0)" }
          }))
    #expect(Samples.models.count >= 43 && Samples.withReference.count >= 38)
  }

  /// transformers' own TensorFlow and Flax classes, a folder for each head.
  @Test(arguments: ["albert", "bert"], ["keras", "flax"])
  func `every head of the family is among the fixtures`(family: String, names: String) {
    let samples = Samples.withReference.filter {
      $0.family == family && $0.dialect.rawValue == names && $0.head != nil
    }
    var heads = ["base", "mlm", "sequence", "span", "token"]
    heads += family == "bert" ? ["nsp"] : []
    heads += names == "flax" ? ["untied"] + (family == "albert" ? ["groups"] : []) : []
    #expect(samples.compactMap(\.head).sorted() == heads.sorted())
  }

  /// The heads that the folder's name says, and no others; in the class that has them, which sets whether there is a pooler.
  @Test(arguments: Samples.models.filter { $0.head != nil })
  func `the heads of a file are found`(sample: Sample) throws {
    let head = try #require(sample.head)
    let configuration = try sample.model().configuration
    let heads: [String: [String]] = ["base": [], "groups": [], "untied": ["mlm"]]
    #expect(configuration.heads == heads[head] ?? [head])
    #expect(configuration.isUntied == (head == "untied"))
    let classes: [String: Int] = ["sequence": 3, "token": 5, "span": 2, "nsp": 2]
    #expect(configuration.classes == classes.filter { $0.key == head })
    let pooled = ["base", "groups", "sequence", "nsp"]
    #expect(configuration.parts.contains("pooler") == pooled.contains(head))
  }

  @Test(arguments: Samples.models)
  func `is recognised`(sample: Sample) throws {
    let model = try sample.model()
    #expect(model.family == sample.family)
    #expect(model.dialect == sample.dialect)
    let inspection = try Inspection(model.checkpoint)
    #expect(inspection.family == sample.family && inspection.model != nil)
    // Every stored tensor has a fate.
    #expect(Set(model.parameters.fates.map(\.tensor)) == Set(model.checkpoint.tensors.map(\.name)))
  }

  @Test(arguments: Samples.withReference)
  func `every layer and logit is the original program's`(sample: Sample) async throws {
    let reference = try Reference(#require(sample.reference), of: sample)
    let model = try sample.model()
    let output = try await model.forward(reference.input, taps: .everyLayer)
    #expect(!reference.activations.isEmpty)
    for (name, expected) in reference.activations {
      let tap = try #require(output[name], "\(name)")
      #expect(tap.values.count == expected.count, "\(name)")
      let difference = zip(tap.values, expected).map { abs($0 - $1) }.max() ?? .infinity
      #expect(difference < 2e-5, "\(name) differs by \(difference)")
    }
  }

  /// The same through the product's own report, which must find a counterpart for every activation of the file.
  @Test(arguments: Samples.withReference)
  func `and verify says so`(sample: Sample) throws {
    let outputs = try ReferenceOutputs(Fixtures.path(#require(sample.reference)))
    let model = try sample.model()
    let report = try Verification(of: model, against: model).compare(against: outputs)
    #expect(report.refusals == [])
    #expect(report.holds, "\(report.firstDivergence ?? "") \(report.layers)")
  }

  @Test func `shards of an HDF5 model are the whole model`() async throws {
    let whole = try Model(Checkpoint.open(Fixtures.path("formats/hf_tf_bert")))
    let shards = try Model(Checkpoint.open(Fixtures.path("formats/hf_tf_bert_sharded")))
    let report = try await Verification(of: shards, against: whole).run()
    #expect(report.holds && report.tensors.allSatisfy { $0.verdict == .equal })
  }

  @Test(arguments: [
    "trained/tiny_albert/google_tf", "trained/tiny_albert/hf", "trained/tiny_bert/hf",
  ])
  func `a trained model knows its answers`(folder: String) throws {
    let model = try Model(Checkpoint.open(Fixtures.path(folder)))
    let cloze = try ClozeQuestions(Fixtures.path("trained/cloze.json")).ask(model, model)
    #expect(cloze.questions == 120 && cloze.candidateRight == 119)
  }
}

/// A reference file read with nothing of the product but the container reader.
private struct Reference {
  var input: EncoderInput
  /// Under our names.
  var activations: [(name: String, values: [Float])] = []

  init(_ path: String, of sample: Sample) throws {
    let file = try SafetensorsFile(Fixtures.path(path))
    func integers(_ name: String) -> [[Int]] {
      let bytes = file[bytes: name]
      let values = stride(from: 0, to: bytes.count, by: 4).map {
        Int(bytes[$0]) | Int(bytes[$0 + 1]) << 8
      }
      let width = file.shape(name).last ?? 1
      return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<($0 + width)]) }
    }
    input = EncoderInput(
      ids: integers("input_ids"), attentionMask: integers("attention_mask"),
      tokenTypes: integers("token_type_ids"))
    for name in file.header.keys.sorted() {
      switch name {
      case "embeddings", "pooled": activations.append((name, file[name]))
      case "embeddings_projected": activations.append(("embeddings.projected", file[name]))
      case "logits":
        activations.append(("heads.\(sample.head ?? "sequence").logits", file[name]))
      case "mlm_logits", "sop_logits", "nsp_logits":
        activations.append(("heads.\(name.prefix(3)).logits", file[name]))
      case "start_logits":
        let pairs = zip(file[name], file["end_logits"]).flatMap { [$0, $1] }
        activations.append(("heads.span.logits", pairs))
      default:
        guard name.hasPrefix("layer_output.") else { continue }
        activations.append(("layers.\(name.dropFirst(13)).output", file[name]))
      }
    }
  }
}
