import Foundation
import TestSupport
import Testing
import Weightsmith

/// Something wrong with a model's files, done to the Hugging Face folder that we wrote.
enum Damage: String, CaseIterable, Sendable {
  case swappedQueryAndKey, transposedMatrix, otherActivation, otherEpsilon, otherHeads, keyBias
  case movedPositions, notANumber, infinity, classifierSign

  /// Which activation must be named first, in a model of several own blocks that was hurt in block `block`.
  func divergence(at block: Int) -> String? {
    switch self {
    case .swappedQueryAndKey, .transposedMatrix, .notANumber, .infinity: "layers.\(block).output"
    case .otherActivation, .otherHeads: "layers.0.output"
    case .otherEpsilon, .movedPositions: "embeddings"
    case .classifierSign: "heads.mlm.logits"
    // Softmax takes no notice of what is added to every score of a query (models §1.7).
    case .keyBias: nil
    }
  }

  /// Parts of the parameter names that must be reported, all others being equal.
  func tensors(in layer: String) -> [String] {
    switch self {
    case .swappedQueryAndKey:
      ["query", "key"].flatMap {
        ["\(layer).attention.\($0).weight", "\(layer).attention.\($0).bias"]
      }
    case .transposedMatrix: ["\(layer).attention.value.weight"]
    case .keyBias: ["\(layer).attention.key.bias"]
    case .notANumber, .infinity: ["\(layer).feedForward.up.weight"]
    case .movedPositions: ["embeddings.position"]
    case .classifierSign: ["heads.mlm.bias"]
    case .otherActivation, .otherEpsilon, .otherHeads: []
    }
  }
}

/// A model written for Hugging Face, whose files a test then hurts.
private struct Victim {
  let reference: Model
  let folder: String
  /// The stored prefix of the block that is hurt, and its number.
  let block: String
  let number: Int
  let scratch: Scratch

  init(_ family: String) throws {
    scratch = try Scratch()
    folder = "\(scratch.path)/hf"
    let source = Fixtures.path("models/\(family)/google_tf")
    reference = try Model(Checkpoint.open(source)).written(
      as: Form(container: "safetensors", names: .hf), to: folder)
    number = family == "albert" ? 0 : 1
    block =
      family == "albert"
      ? "albert.encoder.albert_layer_groups.0.albert_layers.0.attention."
      : "bert.encoder.layer.1.attention.self."
  }

  func verify() throws -> VerificationReport {
    let original = Fixtures.path("models/\(reference.family)/google_tf")
    let candidate = try Model(Checkpoint.open(folder))
    return try Verification(of: candidate, against: Model(Checkpoint.open(original))).compare(
      on: .standard)
  }

  func apply(_ damage: Damage) throws {
    switch damage {
    case .otherActivation: try configure("hidden_act", "gelu")
    case .otherEpsilon: try configure("layer_norm_eps", 1e-5)
    case .otherHeads: try configure("num_attention_heads", 2)
    default: try edit { try hurt(&$0, damage) }
    }
  }

  private func hurt(_ file: inout SafetensorsFile, _ damage: Damage) throws {
    let (query, key) = (block + "query", block + "key")
    let up =
      reference.family == "albert"
      ? "albert.encoder.albert_layer_groups.0.albert_layers.0.ffn.weight"
      : "bert.encoder.layer.1.intermediate.dense.weight"
    let prefix = reference.family == "albert" ? "predictions" : "cls.predictions"
    switch damage {
    case .swappedQueryAndKey:
      for part in [".weight", ".bias"] {
        (file[query + part], file[key + part]) = (file[key + part], file[query + part])
      }
    case .transposedMatrix:
      let (old, width) = (file[block + "value.weight"], 12)
      file[block + "value.weight"] = old.indices.map { old[$0 % width * width + $0 / width] }
    case .keyBias: file[key + ".bias"][3] += 0.5
    case .notANumber: file[up][7] = .nan
    case .infinity: file[up][7] = .infinity
    case .movedPositions:
      let name = "\(reference.family).embeddings.position_embeddings.weight"
      let width = file.shape(name)[1]
      file[name] = Array(file[name].dropFirst(width) + file[name].prefix(width))
    case .classifierSign: file[prefix + ".bias"][5] -= 0.01
    default: Issue.record("no damage to tensors")
    }
  }

  private func edit(_ change: (inout SafetensorsFile) throws -> Void) throws {
    var file = try SafetensorsFile("\(folder)/model.safetensors")
    try change(&file)
    try file.write(to: "\(folder)/model.safetensors")
  }

  private func configure(_ key: String, _ value: Any) throws {
    let url = URL(fileURLWithPath: "\(folder)/config.json")
    var json =
      try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
    json[key] = value
    try JSONSerialization.data(withJSONObject: json).write(to: url)
  }
}

/// A proof that never fails proves nothing: each of these must be found, and its place named.
@Suite struct SabotageTests {
  @Test(arguments: ["albert", "bert"], Damage.allCases)
  func `is found and its place is named`(family: String, damage: Damage) throws {
    let victim = try Victim(family)
    try #require(try victim.verify().holds)
    try victim.apply(damage)
    let report = try victim.verify()
    #expect(!report.holds)
    #expect(report.policy == .exact)
    #expect(report.firstDivergence == damage.divergence(at: victim.number))
    let failing = Set(report.failingTensors.map(\.name))
    #expect(failing == Set(damage.tensors(in: "layers.\(victim.number)")))
  }

  /// The layers behind a broken one inherit its error; fed the reference's input, they are clean.
  @Test func `a layer alone is judged apart from what it inherits`() throws {
    let victim = try Victim("bert")
    try victim.apply(.swappedQueryAndKey)
    let rows = Dictionary(uniqueKeysWithValues: try victim.verify().layers.map { ($0.name, $0) })
    let (broken, next) = (
      try #require(rows["layers.1.output"]), try #require(rows["layers.2.output"])
    )
    #expect(broken.alone ?? 0 > broken.tolerance)
    #expect(!next.isWithin && next.alone == 0)
  }
}
