import SmithBytes
import SmithTensors
import Testing

@testable import SmithModels

/// Names that fit several models: what tells them apart, and what is said where nothing does.
@Suite struct RecognitionTests {
  /// A body without scope, as transformers' bare classes save it.
  private func bare(_ family: Family, pooler: Bool) throws -> StoredTensors {
    let dialect = try #require(family.dialect(.hf))
    var stored: StoredTensors = [:]
    for (name, recipe) in Synthetic(family, dialect).stored where name.hasPrefix(dialect.scope) {
      let short = String(name.dropFirst(dialect.scope.count))
      if !pooler, short.hasPrefix("pooler") { continue }
      stored[short] = .source(name: short, dtype: .f32, shape: recipe.shape)
    }
    return stored
  }

  private func read(
    _ stored: StoredTensors, type: String?, set: JSONObject = [:]
  ) throws -> ModelConfiguration {
    var file: JSONObject = ["hidden_act": "gelu", "num_attention_heads": 3]
    if let type { file["model_type"] = .string(type) }
    return try ParameterReader(configurationFile: ("config.json", file), overrides: set)
      .read(stored).0.configuration
  }

  @Test(arguments: [Family.bert.name, "roberta"], [true, false])
  func `bare BERT and RoBERTa are what the configuration says`(name: String, pooler: Bool) throws {
    let stored = try bare(#require(Families.named(name)), pooler: pooler)
    #expect(try read(stored, type: name).family == name)
    #expect(try read(stored, type: nil, set: ["model_type": .string(name)]).family == name)
    #expect(try read(stored, type: "camembert").family == "roberta")
  }

  @Test(arguments: [true, false])
  func `without a word of it both are named, with what to pass`(pooler: Bool) throws {
    let stored = try bare(.bert, pooler: pooler)
    let error = #expect(throws: SmithError.self) { try read(stored, type: nil) }
    #expect(error?.kind == .mismatch)
    for name in ["bert", "roberta"] + (pooler ? [] : ["electra"]) {
      #expect(error?.detail.contains("\(name) (hf)") == true)
      #expect(error?.remedy?.contains("--set model_type=\(name)") == true)
    }
    #expect(error?.remedy?.contains("--config FILE") == true)
  }

  /// The map between the widths is ELECTRA's alone.
  @Test func `a bare ELECTRA of two widths needs no word`() throws {
    #expect(try read(bare(.electra, pooler: false), type: nil).family == "electra")
  }

  // MARK: Parts

  private func table(_ part: String) throws -> Dialect {
    try #require(Family.electra.dialects.first { $0.part == part })
  }

  private func both() throws -> StoredTensors {
    let stored = Synthetic(.electra, try table("discriminator")).stored
    let other = Synthetic(.electra, try table("generator")).stored
    return stored.merging(other) { first, _ in first }
  }

  private static let file: JSONObject = ["num_attention_heads": 3]

  @Test(arguments: ["discriminator", "generator"])
  func `each part is read, the other's tensors have that fate`(part: String) throws {
    let stored = try both()
    let reader = ParameterReader(configurationFile: ("hparams", Self.file), part: part)
    let (parameters, _) = try reader.read(stored)
    #expect(parameters.part == part)
    #expect(
      parameters.configuration.heads == [part == "discriminator" ? "discriminator" : "mlm"])
    #expect(Set(parameters.fates.map(\.tensor)) == Set(stored.keys))
    let own = Set(Synthetic(.electra, try table(part)).stored.keys)
    for fate in parameters.fates {
      #expect((fate.kind == .used) == own.contains(fate.tensor), "\(fate.tensor)")
      if fate.kind == .ignored { #expect(fate.detail == "belongs to the other part") }
    }
  }

  @Test func `without a choice, or with a wrong one, the parts are named`() throws {
    let stored = try both()
    for part in [nil, "critic"] {
      let reader = ParameterReader(configurationFile: ("hparams", Self.file), part: part)
      let error = #expect(throws: SmithError.self) { try reader.read(stored) }
      #expect(error?.kind == .usage)
      #expect(error?.remedy == "--part discriminator, or --part generator")
    }
    let tensors = stored.map { (name: $0.key, shape: $0.value.shape) }
    #expect(ParameterReader.parts(in: tensors) == ["discriminator", "generator"])
  }

  /// `untied_generator_embeddings`: tables of its own, at its own width.
  @Test func `a generator's own embeddings come before the shared ones`() throws {
    var stored = try both()
    let shared = stored.keys.filter { $0.hasPrefix("electra/embeddings/") }
    for name in shared {
      let own = "generator" + name.dropFirst("electra".count)
      stored[own] = .source(name: own, dtype: .f32, shape: stored[name]?.shape ?? [])
    }
    let (generator, _) = try ParameterReader(
      configurationFile: ("hparams", Self.file), part: "generator"
    ).read(stored)
    #expect(
      generator.recipes["embeddings.word"]?.sources == ["generator/embeddings/word_embeddings"])
    for name in shared {
      let fate = generator.fates.first { $0.tensor == name }
      #expect(fate?.kind == .ignored && fate?.detail == "belongs to the other part")
    }
    let (discriminator, _) = try ParameterReader(
      configurationFile: ("hparams", Self.file), part: "discriminator"
    ).read(stored)
    #expect(
      discriminator.recipes["embeddings.word"]?.sources == ["electra/embeddings/word_embeddings"])
  }

  /// The other architectures of llama.cpp have tensors of the same names.
  @Test func `a GGUF file of another architecture is not taken for BERT`() throws {
    let llama = ["token_embd.weight", "output_norm.weight", "blk.0.attn_q.weight"]
    #expect(try ParameterReader.recognise(llama.map { ($0, [8, 8]) }) == nil)
    let bert = ["position_embd.weight", "token_embd_norm.weight"] + llama
    let found = try ParameterReader.recognise(bert.map { ($0, [8, 8]) })
    #expect(found?.family.name == "bert" && found?.dialect.name == .gguf)
  }
}
