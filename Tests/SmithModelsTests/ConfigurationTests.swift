import SmithBytes
import SmithKernels
import SmithTensors
import Testing

@testable import SmithModels

@Suite struct ConfigurationTests {
  private let family = Family.albert

  private func read(
    _ file: JSONObject?, set: JSONObject = [:], dialect: Dialect.Name = .original
  ) throws -> ModelConfiguration {
    let table = try #require(family.dialect(dialect))
    let reader = ParameterReader(
      configurationFile: file.map { ("albert_config.json", $0) }, overrides: set)
    return try reader.read(Synthetic(family, table).stored).0.configuration
  }

  @Test func `shapes fill what the file leaves out`() throws {
    let it = try read(Synthetic.configuration(family))
    #expect(it[.hidden] == 12 && it[.embedding] == 8 && it[.vocabulary] == 37)
    #expect(it.schedule == [0, 1] && it.layerNormEpsilon == 1e-12)
    #expect(it.classes == ["sop": 3, "sequence": 3, "span": 3])
  }

  /// The same word is another function in the two ecosystems (models §1.4).
  @Test func `gelu is the tanh form at Google and the exact one at Hugging Face`() throws {
    #expect(try read(Synthetic.configuration(family)).activation == .geluTanh)
    #expect(try read(Synthetic.configuration(family), dialect: .hf).activation == .gelu)
    var silent = Synthetic.configuration(family)
    silent["hidden_act"] = nil
    #expect(
      try read(silent, dialect: .hf).activation == .geluTanh,
      "the default of AlbertConfig is gelu_new")
  }

  struct Contradiction: Sendable {
    var key: String
    var value: JSON
    var kind: SmithError.Kind
  }

  @Test(arguments: [
    Contradiction(key: "hidden_size", value: 13, kind: .mismatch),
    Contradiction(key: "embedding_size", value: 9, kind: .mismatch),
    Contradiction(key: "vocab_size", value: 38, kind: .mismatch),
    Contradiction(key: "intermediate_size", value: 21, kind: .mismatch),
    Contradiction(key: "max_position_embeddings", value: 512, kind: .mismatch),
    Contradiction(key: "type_vocab_size", value: 1, kind: .mismatch),
    Contradiction(key: "inner_group_num", value: 2, kind: .mismatch),
    Contradiction(key: "num_hidden_groups", value: 1, kind: .mismatch),
    Contradiction(key: "num_hidden_groups", value: 0, kind: .malformed),
    Contradiction(key: "num_attention_heads", value: 5, kind: .mismatch),
    Contradiction(key: "num_attention_heads", value: 0, kind: .malformed),
    Contradiction(key: "num_attention_heads", value: "three", kind: .malformed),
    Contradiction(key: "num_hidden_layers", value: -1, kind: .malformed),
    Contradiction(key: "num_hidden_layers", value: 2_000_000_000, kind: .limit),
    Contradiction(key: "hidden_size", value: 9_000_000_000_000_000_000, kind: .malformed),
    Contradiction(key: "hidden_act", value: "gelu_nouveau", kind: .unsupported),
    Contradiction(key: "hidden_act", value: 3, kind: .unsupported),
  ])
  func `a file that contradicts the shapes is refused at its key`(row: Contradiction) {
    var file = Synthetic.configuration(family)
    file[row.key] = row.value
    let error = #expect(throws: SmithError.self) { try read(file) }
    #expect(error?.kind == row.kind)
    #expect(error?.place.item == row.key)
    #expect(error?.place.file == "albert_config.json")
  }

  @Test func `without a file the error says what to pass, and passing it helps`() throws {
    let error = #expect(throws: SmithError.self) { try read(nil) }
    #expect(error?.kind == .missing)
    #expect(error?.remedy?.contains("--set") == true)
    let it = try read(
      nil, set: ["num_attention_heads": 3, "num_hidden_layers": 2, "hidden_act": "gelu"])
    #expect(it[.heads] == 3 && it.activation == .geluTanh)
  }

  @Test func `what the user sets is stronger than the file`() throws {
    let it = try read(
      Synthetic.configuration(family), set: ["num_attention_heads": 4, "hidden_act": "relu"])
    #expect(it[.heads] == 4 && it.activation == .relu)
  }

  @Test(
    arguments: [
      ("num_attention_head", 3), ("", 5), ("num_attention_heads", 5), ("num_attention_heads", 0),
      ("hidden_size", "x"), ("hidden_act", nil), ("num_hidden_layers", 1e300),
    ] as [(String, JSON)])
  func `a setting that makes no sense is the user's mistake, also one that nobody reads`(
    key: String, value: JSON
  ) {
    let error = #expect(throws: SmithError.self) {
      try read(Synthetic.configuration(family), set: [key: value])
    }
    #expect(error?.kind == .usage)
    #expect(error?.detail.hasPrefix("--set \(key)") == true)
  }

  @Test func `more groups may be stated than the original graph made, and never run`() throws {
    var file = Synthetic.configuration(family)
    file["num_hidden_groups"] = 3
    file["num_hidden_layers"] = 1
    #expect(try read(file).schedule == [0])
  }

  @Test func `the written file of each dialect is read back as the same configuration`() throws {
    for dialect in family.dialects {
      var it = try read(Synthetic.configuration(family), dialect: dialect.name)
      it.activation = .geluTanh
      let file = it.written(for: dialect, family: family)
      let again = try read(file, dialect: dialect.name)
      #expect(again.sizes == it.sizes && again.activation == it.activation)
      #expect(again.layerNormEpsilon == it.layerNormEpsilon && again.schedule == it.schedule)
    }
  }

  @Test func `Hugging Face's file names class, labels, gelu_new and epsilon`() throws {
    let it = try read(Synthetic.configuration(family))
    let file = it.written(for: try #require(family.dialect(.hf)), family: family)
    #expect(file["model_type"] == "albert")
    #expect(file["hidden_act"] == "gelu_new")
    #expect(file["layer_norm_eps"]?.doubleValue == 1e-12)
    #expect(file["id2label"]?["2"] == "LABEL_2")
  }

  // MARK: RoBERTa, DistilBERT, ELECTRA

  private func read(
    _ family: Family, _ dialect: Dialect, _ file: JSONObject?, set: JSONObject = [:]
  ) throws -> Parameters {
    let reader = ParameterReader(
      configurationFile: file.map { ("config.json", $0) }, overrides: set)
    return try reader.read(Synthetic(family, dialect).stored).0
  }

  private func file(_ family: Family, _ changes: JSONObject = [:]) -> JSONObject {
    var file = Synthetic.configuration(family)
    for (key, value) in changes { file[key] = value }
    return file
  }

  /// The class's default; a file that says nothing else was written by a class that took it.
  @Test func `an epsilon that RoBERTa's file leaves out is the class's, and noted`() throws {
    let dialect = try #require(Family.roberta.dialect(.hf))
    let silent = try read(.roberta, dialect, file(.roberta))
    #expect(silent.configuration.layerNormEpsilon == 1e-12)
    #expect(silent.notes.contains { $0.contains("--set layer_norm_eps=1e-05") })
    let stated = try read(.roberta, dialect, file(.roberta, ["layer_norm_eps": 1e-5]))
    #expect(stated.configuration.layerNormEpsilon == 1e-5 && stated.notes.isEmpty)
    let error = #expect(throws: SmithError.self) {
      try read(
        .roberta, dialect, nil,
        set: ["num_attention_heads": 3, "hidden_act": "gelu", "model_type": "roberta"])
    }
    #expect(error?.kind == .missing && error?.place.item == "layer_norm_eps")
  }

  @Test func `RoBERTa's padding token is 1 unless the file says another, and is kept`() throws {
    let dialect = try #require(Family.roberta.dialect(.hf))
    #expect(try read(.roberta, dialect, file(.roberta)).configuration.paddingToken == 1)
    let other = try read(
      .roberta, dialect, file(.roberta, ["pad_token_id": 3, "bos_token_id": 7, "eos_token_id": 8]))
    #expect(other.configuration.encoder.positions == .besides(padding: 3))
    let written = other.configuration.written(for: dialect, family: .roberta)
    #expect(written["pad_token_id"] == 3 && written["bos_token_id"] == 7)
    #expect(written["eos_token_id"] == 8 && written["model_type"] == "roberta")
  }

  @Test(
    arguments: [
      (-1, .malformed), (37, .malformed), ("one", .malformed), (1.5, .malformed), (15, .mismatch),
    ] as [(JSON, SmithError.Kind)])
  func `a padding token that is no word or leaves no position is refused`(
    value: JSON, kind: SmithError.Kind
  ) throws {
    let dialect = try #require(Family.roberta.dialect(.hf))
    let error = #expect(throws: SmithError.self) {
      try read(.roberta, dialect, file(.roberta, ["pad_token_id": value]))
    }
    #expect(error?.kind == kind && error?.place.item == "pad_token_id")
  }

  @Test(arguments: [("xlm-roberta", "XLMRoberta"), ("camembert", "Camembert")])
  func `a variant keeps its own type and classes`(type: String, beginning: String) throws {
    let dialect = try #require(Family.roberta.dialect(.hf))
    let model = try read(.roberta, dialect, file(.roberta, ["model_type": .string(type)]))
    let written = model.configuration.written(for: dialect, family: .roberta)
    #expect(written["model_type"] == .string(type))
    #expect(
      written["architectures"]?.arrayValue?.first?.stringValue?.hasPrefix(beginning + "For") == true
    )
  }

  @Test func `DistilBERT has its own keys and a fixed epsilon`() throws {
    let dialect = try #require(Family.distilbert.dialect(.hf))
    let changes: JSONObject = ["layer_norm_eps": 1e-5, "sinusoidal_pos_embds": true]
    let it = try read(.distilbert, dialect, file(.distilbert, changes)).configuration
    #expect(it.layerNormEpsilon == 1e-12 && it[.tokenTypes] == 0 && it[.heads] == 3)
    let written = it.written(for: dialect, family: .distilbert)
    #expect(written["dim"] == 12 && written["hidden_dim"] == 20 && written["n_layers"] == 2)
    #expect(written["n_heads"] == 3 && written["activation"] == "gelu")
    #expect(written["sinusoidal_pos_embds"] == true && written["layer_norm_eps"] == nil)
    // Flax's class would compute the table and leave the stored one aside
    let flax = it.written(
      for: try #require(Family.distilbert.dialect(.flax)), family: .distilbert)
    #expect(flax["sinusoidal_pos_embds"] == false && flax["dim"] == 12)
    let error = #expect(throws: SmithError.self) {
      try read(.distilbert, dialect, file(.distilbert, ["n_heads": 5]))
    }
    #expect(error?.place.item == "n_heads" && error?.remedy == "--set n_heads=NUMBER")
  }

  /// Google's releases have no configuration: the code makes heads of 64, and there is nothing to derive where that does not divide.
  @Test func `ELECTRA's heads come from the code's rule, or must be told`() throws {
    let dialect = try #require(Family.electra.dialects.first { $0.part == "generator" })
    let error = #expect(throws: SmithError.self) { try read(.electra, dialect, nil) }
    #expect(error?.kind == .missing && error?.place.item == "num_attention_heads")
    #expect(error?.remedy?.contains("--set num_attention_heads=NUMBER") == true)
    let told = try read(.electra, dialect, nil, set: ["num_attention_heads": 4])
    #expect(told.configuration[.heads] == 4 && told.configuration.activation == .gelu)
    #expect(told.notes == ["hidden_act taken as gelu, the original code's"])
  }

  @Test func `ELECTRA's hyperparameters are read from their nests and written there`() throws {
    for (part, nest) in [
      ("discriminator", "model_hparam_overrides"), ("discriminator", "discriminator"),
      ("generator", "generator"),
    ] {
      let dialect = try #require(Family.electra.dialects.first { $0.part == part })
      let inner: JSONObject = ["num_attention_heads": 2, "hidden_act": "relu"]
      let file: JSONObject = ["embedding_size": 8, nest: .object(inner)]
      let it = try read(.electra, dialect, file).configuration
      #expect(it[.heads] == 2 && it.activation == .relu, "\(nest)")
      let written = it.written(for: dialect, family: .electra)
      #expect(written["embedding_size"] == 8 && written["hidden_size"] == nil)
      let own = dialect.configuration.nests.first?.key ?? ""
      #expect(written[own]?.objectValue?["hidden_size"] == 12)
      #expect(try read(.electra, dialect, written).configuration == it)
    }
  }

  /// `get_generator_config` of the original: the discriminator's number of heads is not the generator's, its activation is.
  @Test func `the generator takes from the discriminator's settings what is its own`() throws {
    let dialect = try #require(Family.electra.dialects.first { $0.part == "generator" })
    let overrides: JSONObject = [
      "num_attention_heads": 12, "hidden_size": 768, "hidden_act": "relu",
    ]
    let it = try read(
      .electra, dialect, ["model_hparam_overrides": .object(overrides)]
    ).configuration
    #expect(it[.heads] == 1 && it[.hidden] == 12 && it.activation == .relu)
  }
}
