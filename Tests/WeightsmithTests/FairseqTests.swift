import Foundation
import TestSupport
import Testing
import Weightsmith

/// RoBERTa as fairseq keeps it: settings in the checkpoint, several heads by name, no token types, a tied decoder under a name of its own.
@Suite struct FairseqTests {
  private static let folder = "models/roberta/"
  private static let fused = folder + "fairseq_style/model_fused_qkv_decoder_prefix.pt"
  private static let split = folder + "fairseq_style/model_split_qkv_encoder_prefix.pt"
  private static let sequence = folder + "fairseq_sequence/model.pt"
  private static let twoHeads = folder + "fairseq_untied_sequence/model.pt"
  private static let headKey = "classification_head_name"
  private static let form = Form(container: "torch", names: .fairseq)

  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func model(_ path: String, set: JSONObject = [:]) throws -> Model {
    try Model(Checkpoint.open(Fixtures.path(path)), options: .init(settings: set))
  }

  // MARK: Reading

  /// `args`, or `cfg.model` where `args` is None; the file beside it says nothing.
  @Test(arguments: [fused, split, sequence])
  func `the settings come from the checkpoint`(path: String) throws {
    let it = try model(path).configuration
    #expect(it[.heads] == 3 && it[.positions] == 14 && it[.tokenTypes] == 1)
    #expect(it.activation == .gelu && it.layerNormEpsilon == 1e-5 && it.paddingToken == 1)
  }

  @Test func `a tensor has one fate, also with three parameters in it`() throws {
    let model = try model(Self.fused)
    let fates = model.parameters.fates.filter {
      $0.tensor.hasSuffix("layers.1.self_attn.in_proj_weight")
    }
    #expect(fates.map(\.kind) == [.used])
    for part in ["query", "key", "value"] {
      #expect(fates.first?.detail.contains("blocks.1.attention.\(part).weight") == true)
    }
    let head = model.parameters.fates.first { $0.tensor == "decoder.lm_head.weight" }
    #expect(head?.kind == .copy && head?.detail == "embeddings.word")
    let version = try self.model(Self.split).parameters.fates.first {
      $0.tensor.hasSuffix("version")
    }
    #expect(version?.kind == .ignored)
  }

  @Test func `of several classification heads one is chosen by name`() throws {
    let error = #expect(throws: SmithError.self) { try model(Self.twoHeads) }
    #expect(error?.kind == .usage && error?.detail.contains("mnli, topic") == true)
    #expect(
      error?.remedy == "--set \(Self.headKey)=mnli, or --set \(Self.headKey)=topic")
    for (name, count) in [("mnli", 3), ("topic", 5)] {
      let chosen = try model(Self.twoHeads, set: [Self.headKey: .string(name)])
      #expect(chosen.configuration.classes == ["sequence": count])
      #expect(chosen.configuration.carried[Self.headKey] == .string(name))
      let others = chosen.parameters.fates.filter {
        $0.kind == .ignored && $0.tensor.contains("classification_heads")
      }
      #expect(others.count == 4 && others.allSatisfy { !$0.tensor.contains(".\(name).") })
    }
    let wrong = #expect(throws: SmithError.self) {
      try model(Self.twoHeads, set: [Self.headKey: "sst"])
    }
    #expect(wrong?.kind == .usage && wrong?.detail.contains("mnli, topic") == true)
    #expect(try model(Self.sequence).configuration.carried[Self.headKey] == "mnli")
  }

  struct Refused: Sendable {
    var key: String
    var value: JSON
  }

  /// Settings under which fairseq computes something else with the same tensors.
  @Test(arguments: [
    Refused(key: "no_scale_embedding", value: false),
    Refused(key: "layernorm_embedding", value: false),
    Refused(key: "encoder_layers_to_keep", value: "0,1"),
    Refused(key: "pooler_activation_fn", value: "relu"),
    Refused(key: "activation_fn", value: "swish"), Refused(key: "max_positions", value: 14),
    Refused(key: "encoder_layers", value: 3), Refused(key: "encoder_normalize_before", value: "no"),
  ])
  func `a setting of another computation, or another model, is refused at its key`(
    row: Refused
  ) throws {
    let error = #expect(throws: SmithError.self) {
      try model(Self.sequence, set: [row.key: row.value])
    }
    #expect(error?.kind == .usage && error?.detail.contains(row.key) == true)
  }

  @Test func `norms before and the tanh gelu are what fairseq calls them`() throws {
    let before = try model(Self.split, set: ["encoder_normalize_before": true]).configuration
    #expect(before.normPlacement == .pre)
    for name in ["gelu_accurate", "gelu_fast"] {
      #expect(
        try model(Self.split, set: ["activation_fn": .string(name)]).configuration.activation
          == .geluTanh)
    }
  }

  /// Its head takes the model's activation, transformers' has the exact gelu whatever the configuration says.
  @Test func `a head that transformers would compute otherwise is refused`() throws {
    let relu = try model(Self.split, set: ["activation_fn": "relu"])
    let error = #expect(throws: SmithError.self) {
      try relu.written(as: Form(container: "safetensors", names: .hf), to: "\(scratch.path)/hf")
    }
    #expect(error?.kind == .refused && error?.detail.contains("mlm head") == true)
    let again = try relu.written(as: Self.form, to: "\(scratch.path)/out")
    #expect(again.configuration.activation == .relu)
  }

  /// A state dict alone, in a container that keeps no settings: what the shapes do not say is asked for.
  @Test func `without settings the error says what to pass`() throws {
    let plain = "\(scratch.path)/plain"
    try Conversion(model(Self.split), to: "npz", as: nil, at: plain).run()
    let error = #expect(throws: SmithError.self) { try Model(Checkpoint.open(plain)) }
    #expect(error?.kind == .missing && error?.place.item == "encoder_attention_heads")
    let settings: JSONObject = ["encoder_attention_heads": 3, "activation_fn": "gelu"]
    let told = try Model(Checkpoint.open(plain), options: .init(settings: settings))
    let report = try Verification(of: told, against: model(Self.split)).compare(on: .standard)
    #expect(report.holds && report.tensors.allSatisfy { $0.verdict == .equal })
  }

  /// safetensors keeps them as text.
  @Test func `settings are read from text too`() throws {
    let copy = "\(scratch.path)/copy"
    try Conversion(model(Self.split), to: "safetensors", as: nil, at: copy).run()
    let model = try Model(Checkpoint.open(copy))
    #expect(try model.configuration == self.model(Self.split).configuration)
  }

  // MARK: Writing

  @Test func `what is written has the settings, and the decoder under its own name`() throws {
    let written = try model(Self.fused).written(as: Self.form, to: "\(scratch.path)/out")
    #expect(scratch.names(in: "out") == ["model.pt"])
    let metadata = written.checkpoint.source.typedMetadata
    let expected: [(String, MetadataValue)] = [
      ("args.arch", .string("roberta_base")), ("args.task", .string("masked_lm")),
      ("args.encoder_layers", .i64(3)), ("args.encoder_embed_dim", .i64(12)),
      ("args.encoder_ffn_embed_dim", .i64(20)), ("args.encoder_attention_heads", .i64(3)),
      ("args.max_positions", .i64(12)), ("args.activation_fn", .string("gelu")),
      ("args.encoder_normalize_before", .bool(false)),
      ("args.pooler_activation_fn", .string("tanh")),
      ("optimizer_history.0.num_updates", .i64(0)),
    ]
    for (key, value) in expected { #expect(metadata.value(key) == value, "\(key)") }
    let tensors = try Contents(written.checkpoint).tensors
    #expect(
      tensors["encoder.lm_head.weight"] == tensors["encoder.sentence_encoder.embed_tokens.weight"])
    #expect(tensors["encoder.lm_head.weight"] != nil && tensors.count == 46 + 3 * 4)
    #expect(written.checkpoint.source.notes.contains { $0.contains("argparse.Namespace") })
  }

  /// A name given by a configuration becomes a head's; what could not be one is refused.
  @Test func `a head keeps its name through transformers`() throws {
    let hugging = try model(Self.sequence).written(
      as: Form(container: "safetensors", names: .hf), to: "\(scratch.path)/hf")
    let back = try hugging.written(as: Self.form, to: "\(scratch.path)/back")
    #expect(
      back.checkpoint.tensors.contains { $0.name == "classification_heads.mnli.out_proj.weight" })
    let path = "\(scratch.path)/hf/config.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    for (name, stored) in [("sst", "sst"), ("a.b", nil), ("", nil)] {
      try text.replacingOccurrences(of: "\"mnli\"", with: "\"\(name)\"")
        .write(toFile: path, atomically: true, encoding: .utf8)
      let model = try Model(Checkpoint.open("\(scratch.path)/hf"))
      let work = try Conversion(
        model, to: "torch", as: .fairseq, at: "\(scratch.path)/named \(name)")
      if let stored {
        #expect(try work.run().plan.outputs.contains { $0.name.contains(".\(stored).dense") })
      } else {
        #expect(#expect(throws: SmithError.self) { try work.run() }?.kind == .refused)
      }
    }
  }

  /// transformers' one row of token types, which fairseq computes without.
  @Test func `token types are left out where they are zeros, and refused where they are not`()
    throws
  {
    let hugging = Fixtures.path("models/roberta/hf")
    let error = #expect(throws: SmithError.self) {
      try Model(Checkpoint.open(hugging)).written(as: Self.form, to: "\(scratch.path)/no")
    }
    #expect(error?.kind == .refused && error?.detail.contains("embeddings.tokenType") == true)
    #expect(scratch.names() == [])
    var file = try SafetensorsFile(hugging + "/model.safetensors")
    let name = "roberta.embeddings.token_type_embeddings.weight"
    file[name] = file[name].map { _ in 0 }
    try scratch.write(Fixtures.bytes("models/roberta/hf/config.json"), as: "zero/config.json")
    try file.write(to: "\(scratch.path)/zero/model.safetensors")
    let model = try Model(Checkpoint.open("\(scratch.path)/zero"))
    let work = try Conversion(model, to: "torch", as: .fairseq, at: "\(scratch.path)/yes")
    let report = try work.run()
    #expect(report.plan.notes.contains { $0.contains("embeddings.tokenType is all zeros") })
    #expect(report.plan.fates.first { $0.tensor == name }?.kind == .ignored)
    let parity = try Verification(of: Model(Checkpoint.open("\(scratch.path)/yes")), against: model)
      .compare(on: .standard)
    #expect(parity.holds && parity.tensors.allSatisfy { $0.verdict == .equal })
  }

  @Test func `its names go into a file of torch and nothing else, and into one`() throws {
    let model = try model(Self.split)
    let elsewhere = try Conversion(model, to: "safetensors", as: .fairseq, at: "\(scratch.path)/x")
    let error = #expect(throws: SmithError.self) { try elsewhere.run() }
    #expect(error?.kind == .refused && error?.remedy == "--to torch")
    var shards = try Conversion(model, to: "torch", as: .fairseq, at: "\(scratch.path)/x")
    shards.target.maxShardBytes = 5000
    #expect(#expect(throws: SmithError.self) { try shards.run() }?.kind == .usage)
    #expect(scratch.names() == [])
    let file = try model.written(as: Self.form, to: "\(scratch.path)/roberta.pt")
    #expect(scratch.names() == ["roberta.pt"] && file.dialect == .fairseq)
  }

  @Test(arguments: ["flax_base", "keras_token", "flax_span"])
  func `what fairseq has no name for is refused`(folder: String) throws {
    let file = folder.hasPrefix("flax") ? "flax_model.msgpack" : "tf_model.h5"
    let model = try model(Self.folder + folder + "/" + file)
    let work = try Conversion(model, to: "torch", as: .fairseq, at: "\(scratch.path)/x")
    let error = #expect(throws: SmithError.self) { try work.run() }
    #expect(error?.kind == .refused && scratch.names() == [])
  }

  @Test func `a model without the head that fairseq always has is written with a warning`() throws {
    let hugging = try model(Self.sequence).written(
      as: Form(container: "safetensors", names: .hf), to: "\(scratch.path)/hf")
    let file = try SafetensorsFile("\(scratch.path)/hf/model.safetensors")
    let kept = SafetensorsFile(file.tensors.filter { !$0.name.hasPrefix("lm_head") })
    try kept.write(to: "\(scratch.path)/hf/model.safetensors")
    #expect(hugging.configuration.heads == ["mlm", "sequence"])
    let headless = try Model(Checkpoint.open("\(scratch.path)/hf"))
    let work = try Conversion(headless, to: "torch", as: .fairseq, at: "\(scratch.path)/out")
    #expect(
      try work.run().plan.notes.contains { $0.contains("mlm head") && $0.contains("strict=False") })
    #expect(try Model(Checkpoint.open("\(scratch.path)/out")).configuration.heads == ["sequence"])
  }

  // MARK: Folders

  @Test func `of several files the one called model is meant`() throws {
    let bytes = try Fixtures.bytes(Self.split)
    try scratch.write(bytes, as: "in/model.pt")
    try scratch.write(Fixtures.bytes(Self.sequence), as: "in/checkpoint_best.pt")
    try scratch.write(Array("w0 1\n".utf8), as: "in/dict.txt")
    let model = try Model(Checkpoint.open("\(scratch.path)/in"))
    #expect(model.configuration.schedule.count == 3)
    _ = try model.written(as: Form(container: "safetensors", names: .hf), to: "\(scratch.path)/out")
    #expect(scratch.names(in: "out") == ["config.json", "dict.txt", "model.safetensors"])
    try scratch.write(bytes, as: "two/checkpoint_last.pt")
    try scratch.write(bytes, as: "two/checkpoint_best.pt")
    let error = #expect(throws: SmithError.self) { try Checkpoint.open("\(scratch.path)/two") }
    #expect(error?.kind == .mismatch && error?.remedy?.contains("name one file") == true)
  }
}
