import Foundation
import TestSupport
import Testing
import Weightsmith

/// ELMo's three sets of names against the files that its two original programs wrote themselves: what we write must be those files' tensors.
@Suite struct ElmoFamilyTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func model(_ folder: String, _ settings: JSONObject = [:]) throws -> Model {
    try Model(
      Checkpoint.open(Fixtures.path(folder)), options: Model.Options(settings: settings))
  }

  private func options(_ path: String) throws -> NSDictionary {
    let json = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(fileURLWithPath: path + "/options.json")))
    return try #require(json as? NSDictionary)
  }

  /// bilm-tf's training, its own dump of it, AllenNLP's own loading of the dump.
  @Test(arguments: [
    ("elmo/bilm", "hdf5", "elmo/bilm_dump"), ("elmo/bilm", "torch", "elmo/allennlp_bilm"),
    ("elmo/bilm_dump", "torch", "elmo/allennlp_bilm"),
    ("elmo/bilm_dump", "safetensors", "elmo/allennlp_bilm"),
    ("elmo/bilm_one", "hdf5", "elmo/bilm_one_loadable"),
    ("elmo/bilm_one_dump", "hdf5", "elmo/bilm_one_loadable"),
  ])
  func `what we write is what the original program wrote`(
    source: String, container: String, theirs: String
  ) throws {
    let model = try model(source)
    let format = try Conversion.Target.format(named: container, for: "\(scratch.path)/out")
    let names = Conversion.Target.defaultNames(of: format, for: .model(model))
    try Conversion(model, to: container, as: names, at: "\(scratch.path)/out").run()
    let (ours, own) = (try Contents("\(scratch.path)/out"), try Contents(Fixtures.path(theirs)))
    #expect(ours.differences(from: own) == [])
    // Everything that the other program's options say, ours say too.
    let (made, wanted) = (
      try options("\(scratch.path)/out"), try options(Fixtures.path(theirs))
    )
    for part in ["lstm", "char_cnn"] {
      #expect(made[part] as? NSDictionary == wanted[part] as? NSDictionary, "\(part)")
    }
  }

  /// The training program's variables without its softmax and slots; dumped again, they are the dump.
  @Test(arguments: [("elmo/bilm_dump", "elmo/bilm"), ("elmo/bilm_one_dump", "elmo/bilm_one")])
  func `a dump gets the training's names back`(dump: String, training: String) throws {
    try Conversion(model(dump), to: "tf", as: .bilm, at: "\(scratch.path)/tf").run()
    let (ours, theirs) = (try Contents("\(scratch.path)/tf"), try Contents(Fixtures.path(training)))
    #expect(!ours.tensors.isEmpty)
    for (name, tensor) in ours.tensors { #expect(theirs.tensors[name] == tensor, "\(name)") }
    let left = Set(theirs.tensors.keys).subtracting(ours.tensors.keys)
    #expect(
      left.allSatisfy {
        $0.hasSuffix("/Adagrad") || !$0.hasPrefix("lm/") || $0.hasPrefix("lm/softmax/")
      })
    let made = try options("\(scratch.path)/tf")
    let cnn = try #require(made["char_cnn"] as? NSDictionary)
    #expect(made["bidirectional"] as? Bool == true && cnn["n_characters"] as? Int == 261)
    #expect(made["n_tokens_vocab"] as? Int == 14)
  }

  @Test(arguments: [
    ("hdf5", ["options.json", "weights.hdf5"]),
    ("tf", ["model.ckpt.data-00000-of-00001", "model.ckpt.index", "options.json"]),
    ("torch", ["options.json", "pytorch_model.bin"]),
    ("safetensors", ["model.safetensors", "options.json"]),
  ])
  func `each container gets the files that its readers look for`(
    container: String, files: [String]
  ) throws {
    let model = try model("elmo/bilm")
    let format = try Conversion.Target.format(named: container, for: "x")
    let names = Conversion.Target.defaultNames(of: format, for: .model(model))
    let report = try Conversion(model, to: container, as: names, at: "\(scratch.path)/out").run()
    #expect(scratch.names(in: "out").filter { $0 != "checkpoint" } == files)
    #expect(report.verified && Set(files).isSubset(of: report.files))
    let again = try Model(Checkpoint.open("\(scratch.path)/out"))
    #expect(again.dialect == names && again.configuration.elmo == model.configuration.elmo)
  }

  @Test func `every tensor of a training has its fate`() throws {
    let fates = try model("elmo/bilm").parameters.fates
    let reasons = Dictionary(grouping: fates.filter { $0.kind == .ignored }, by: \.detail)
    #expect(
      reasons.mapValues(\.count) == [
        "optimizer slot": 31, "the training's softmax over words": 2, "step counter": 1,
        "measure of the training": 1,
      ])
    #expect(fates.count { $0.kind == .used } == 29)
  }

  @Test func `a folder is the model that its options belong to, whatever lies beside it`() throws {
    for folder in ["models/elmo", "elmo/bilm_dump"] {
      let checkpoint = try Checkpoint.open(Fixtures.path(folder))
      #expect(checkpoint.container == "hdf5" && checkpoint.source.files.count == 1)
    }
    let published = "elmo_2x4096_512_2048cnn_2xhighway_"
    for (name, copy) in [("weights.hdf5", 1), ("options.json", 2)] {
      try scratch.write(Fixtures.bytes("models/elmo/\(name)"), as: "in/\(published)\(name)")
      // Another model's, which is not meant.
      if copy == 2 { try scratch.write(Fixtures.bytes("elmo/bilm_one/\(name)"), as: "in/\(name)") }
    }
    try scratch.write(Fixtures.bytes("models/elmo/reference.npz"), as: "in/a.npz")
    let model = try Model(Checkpoint.open("\(scratch.path)/in"))
    #expect(model.configuration.elmo.wordLength == 12)
  }

  @Test func `the two layouts of a forget gate's bias are one model`() async throws {
    let (tf, torch) = (try model("elmo/bilm_dump"), try model("elmo/allennlp_bilm"))
    for (a, b) in [(tf, torch), (torch, tf)] {
      let report = try await Verification(of: b, against: a).run()
      #expect(report.holds, "\(report.failingTensors)")
      let rounded = report.tensors.filter { $0.verdict == .rounded }
      #expect(!rounded.isEmpty && rounded.allSatisfy { $0.name.hasSuffix("forgetGate.bias") })
      #expect(report.tensors.allSatisfy { [.equal, .rounded].contains($0.verdict) })
    }
    let notes = try Conversion(tf, to: "torch", as: .allennlp, at: "\(scratch.path)/x").prepare()
      .plan.notes
    #expect(notes.contains { $0.contains("rounded once") })
  }

  @Test func `mixes are found, and refused where there is no place for them`() throws {
    let model = try model("elmo/allennlp")
    #expect(model.configuration.heads == ["mixes"] && model.configuration[.mixes] == 2)
    for (container, names) in [("hdf5", Dialect.Name.original), ("tf", .bilm)] {
      let error = #expect(throws: SmithError.self) {
        try Conversion(model, to: container, as: names, at: "\(scratch.path)/x").run()
      }
      #expect(error?.kind == .refused && error?.detail.contains("mixes.0") == true)
    }
    let normed = try self.model("elmo/allennlp", ["do_layer_norm": true])
    #expect(normed.configuration.elmo.mixNorm == .wordsAndMarkers)
  }

  /// AllenNLP's own module with `do_layer_norm`, by the outputs of elmo_allennlp.py.
  @Test func `normed mixes are AllenNLP's`() async throws {
    let truth = try SafetensorsFile(Fixtures.path("elmo/allennlp/canonical.safetensors"))
    let reference = try ReferenceOutputs(Fixtures.path("elmo/allennlp/reference.safetensors"))
    let model = try model("elmo/allennlp", ["do_layer_norm": true])
    let output = try await model.forward(reference.input)
    for index in 0..<2 {
      let tap = try #require(output["mixes.\(index)"])
      let seen = reference.input.mask(of: tap.name).joined().map { $0 != 0 }
      let width = tap.shape[2]
      let expected = truth["normed.mixes.\(index)"]
      for place in tap.values.indices where seen[place / width] {
        #expect(abs(tap.values[place] - expected[place]) < 1e-5)
      }
    }
  }

  @Test func `what AllenNLP's code cannot compute is refused`() throws {
    for (folder, settings, key) in [
      ("models/elmo", JSONObject(), "max_characters_per_token"),
      ("elmo/bilm_dump", ["use_skip_connections": false], "use_skip_connections"),
    ] {
      let model = try model(folder, settings)
      let error = #expect(throws: SmithError.self) {
        try Conversion(model, to: "torch", as: .allennlp, at: "\(scratch.path)/x").run()
      }
      #expect(error?.kind == .refused && error?.detail.contains(key) == true)
    }
    #expect(scratch.names() == [])
  }

  @Test func `no graph of encoders is ELMo's`() throws {
    let elmo = try #require(Families.named("elmo"))
    for (folder, family) in [
      ("models/bert/hf", elmo), ("elmo/bilm", try #require(Families.named("bert"))),
    ] {
      let error = #expect(throws: SmithError.self) {
        try model(folder).applying(.change(to: family))
      }
      #expect(error?.kind == .refused && error?.detail.contains("architecture") == true)
    }
  }

  @Test func `words are read as words`() throws {
    let model = try model("elmo/bilm")
    let sentences = ["Hello wörld ,", "ok"]
    let report = try Verification(of: model, against: model).compare(on: .text(sentences))
    #expect(report.holds && report.layers.map(\.name).contains("outputs.2"))
    let ids = #expect(throws: SmithError.self) {
      try Verification(of: model, against: model).compare(on: .tokens([[1, 2]]))
    }
    #expect(ids?.kind == .usage && ids?.remedy?.contains("--text") == true)
  }
}
