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
}
