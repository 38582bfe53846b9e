import Foundation
import TestSupport
import Testing
import Weightsmith

/// Something wrong with a model's files, done to the Hugging Face folder that we wrote.
enum Damage: String, CaseIterable, Sendable {
  case swappedQueryAndKey, transposedMatrix, otherActivation, otherEpsilon, otherHeads, keyBias
  case movedPositions, notANumber, infinity, classifierSign

  /// Which activation must be named first.
  func divergence(in patient: Patient) -> String? {
    switch self {
    case .swappedQueryAndKey, .transposedMatrix, .notANumber, .infinity:
      "layers.\(patient.block).output"
    case .otherActivation, .otherHeads: "layers.0.output"
    case .otherEpsilon, .movedPositions: "embeddings"
    case .classifierSign: patient.bias.parameter.replacingOccurrences(of: ".bias", with: ".logits")
    // Softmax takes no notice of what is added to every score of a query (models §1.7).
    case .keyBias: nil
    }
  }

  /// Parts of the parameter names that must be reported, all others being equal.
  func tensors(in patient: Patient) -> [String] {
    let layer = "layers.\(patient.block)"
    return switch self {
    case .swappedQueryAndKey:
      ["query", "key"].flatMap {
        ["\(layer).attention.\($0).weight", "\(layer).attention.\($0).bias"]
      }
    case .transposedMatrix: ["\(layer).attention.value.weight"]
    case .keyBias: ["\(layer).attention.key.bias"]
    case .notANumber, .infinity: ["\(layer).feedForward.up.weight"]
    case .movedPositions: ["embeddings.position"]
    case .classifierSign: [patient.bias.parameter]
    case .otherActivation, .otherEpsilon, .otherHeads: []
    }
  }
}

/// Where a family's Hugging Face files have what is hurt: the names as transformers writes them.
struct Patient: Sendable, CustomTestStringConvertible {
  var family: String
  /// The sample that is written for Hugging Face first, and which of its models.
  var source: String
  var part: String?
  /// The block that is hurt.
  var block = 1
  var query, key, value, up, positions: String
  /// A bias behind everything, the index in it, and the parameter it is.
  var bias: (name: String, index: Int, parameter: String)
  /// The keys of activation and head count, and an activation that the model does not have.
  var keys = (activation: "hidden_act", heads: "num_attention_heads")
  var otherActivation = "gelu_new"
  /// An epsilon that it does not have; nil where the code fixes it and no file can say another.
  var otherEpsilon: Double? = 1e-5

  var testDescription: String { source + (part.map { " " + $0 } ?? "") }

  private static func bertLike(
    _ family: String, _ source: String, part: String? = nil,
    bias: (name: String, index: Int, parameter: String)
  ) -> Patient {
    let block = "\(family).encoder.layer.1."
    return Patient(
      family: family, source: source, part: part, query: block + "attention.self.query",
      key: block + "attention.self.key", value: block + "attention.self.value",
      up: block + "intermediate.dense.weight",
      positions: "\(family).embeddings.position_embeddings.weight", bias: bias)
  }

  static let all: [Patient] = {
    let group = "albert.encoder.albert_layer_groups.0.albert_layers.0."
    var albert = Patient(
      family: "albert", source: "albert/google_tf", block: 0, query: group + "attention.query",
      key: group + "attention.key", value: group + "attention.value", up: group + "ffn.weight",
      positions: "albert.embeddings.position_embeddings.weight",
      bias: ("predictions.bias", 5, "heads.mlm.bias"))
    var bert = bertLike(
      "bert", "bert/google_tf", bias: ("cls.predictions.bias", 5, "heads.mlm.bias"))
    (albert.otherActivation, bert.otherActivation) = ("gelu", "gelu")
    var garden = bert
    garden.source = "bert/model_garden"
    var roberta = bertLike("roberta", "roberta/hf", bias: ("lm_head.bias", 5, "heads.mlm.bias"))
    roberta.otherEpsilon = 1e-12
    var fairseq = roberta
    fairseq.source = "roberta/fairseq_style/model_fused_qkv_decoder_prefix.pt"
    let layer = "distilbert.transformer.layer.1."
    var distilbert = Patient(
      family: "distilbert", source: "distilbert/hf", query: layer + "attention.q_lin",
      key: layer + "attention.k_lin", value: layer + "attention.v_lin",
      up: layer + "ffn.lin1.weight", positions: "distilbert.embeddings.position_embeddings.weight",
      bias: ("vocab_projector.bias", 5, "heads.mlm.bias"))
    distilbert.keys = ("activation", "n_heads")
    distilbert.otherEpsilon = nil
    return [
      albert, bert, garden, roberta, fairseq, distilbert,
      bertLike(
        "electra", "electra/google_tf", part: "discriminator",
        bias: ("discriminator_predictions.dense_prediction.bias", 0, "heads.discriminator.bias")),
    ]
  }()
}

/// A model written for Hugging Face, whose files a test then hurts.
private struct Victim {
  let patient: Patient
  let original: Model
  let folder: String
  let scratch: Scratch

  init(_ patient: Patient) throws {
    self.patient = patient
    scratch = try Scratch()
    folder = "\(scratch.path)/hf"
    original = try Model(
      Checkpoint.open(Fixtures.path("models/" + patient.source)),
      options: Model.Options(part: patient.part))
    _ = try original.written(as: Form(container: "safetensors", names: .hf), to: folder)
  }

  func verify() throws -> VerificationReport {
    let candidate = try Model(Checkpoint.open(folder))
    return try Verification(of: candidate, against: original).compare(on: .standard)
  }

  func apply(_ damage: Damage) throws {
    switch damage {
    case .otherActivation: try configure(patient.keys.activation, patient.otherActivation)
    case .otherEpsilon: try configure("layer_norm_eps", #require(patient.otherEpsilon))
    case .otherHeads: try configure(patient.keys.heads, 2)
    default: try edit { try hurt(&$0, damage) }
    }
  }

  private func hurt(_ file: inout SafetensorsFile, _ damage: Damage) throws {
    let (query, key) = (patient.query, patient.key)
    switch damage {
    case .swappedQueryAndKey:
      for part in [".weight", ".bias"] {
        (file[query + part], file[key + part]) = (file[key + part], file[query + part])
      }
    case .transposedMatrix:
      let (old, width) = (file[patient.value + ".weight"], 12)
      file[patient.value + ".weight"] = old.indices.map { old[$0 % width * width + $0 / width] }
    case .keyBias: file[key + ".bias"][3] += 0.5
    case .notANumber: file[patient.up][7] = .nan
    case .infinity: file[patient.up][7] = .infinity
    case .movedPositions:
      let width = file.shape(patient.positions)[1]
      let old = file[patient.positions]
      file[patient.positions] = Array(old.dropFirst(width) + old.prefix(width))
    case .classifierSign: file[patient.bias.name][patient.bias.index] -= 0.01
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
  @Test(arguments: Patient.all, Damage.allCases)
  func `is found and its place is named`(patient: Patient, damage: Damage) throws {
    if damage == .otherEpsilon, patient.otherEpsilon == nil { return }
    let victim = try Victim(patient)
    try #require(try victim.verify().holds)
    try victim.apply(damage)
    let report = try victim.verify()
    #expect(!report.holds)
    #expect(report.policy == .exact)
    #expect(report.firstDivergence == damage.divergence(in: patient))
    let failing = Set(report.failingTensors.map(\.name))
    #expect(failing == Set(damage.tensors(in: patient)))
  }

  /// The layers behind a broken one inherit its error; fed the reference's input, they are clean.
  @Test func `a layer alone is judged apart from what it inherits`() throws {
    let victim = try Victim(Patient.all[1])
    try victim.apply(.swappedQueryAndKey)
    let rows = Dictionary(uniqueKeysWithValues: try victim.verify().layers.map { ($0.name, $0) })
    let (broken, next) = (
      try #require(rows["layers.1.output"]), try #require(rows["layers.2.output"])
    )
    #expect(broken.alone ?? 0 > broken.tolerance)
    #expect(!next.isWithin && next.alone == 0)
  }
}
