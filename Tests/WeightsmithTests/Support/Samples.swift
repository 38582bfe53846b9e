import Foundation
import TestSupport
import Testing
import Weightsmith

/// A checkpoint among the fixtures. What it should be recognised as is told by its place, not by our code.
struct Sample: Sendable, CustomTestStringConvertible {
  /// Relative to `Fixtures/data`.
  let path: String
  /// Which model of a checkpoint that holds several.
  var part: String?

  init(_ path: String, part: String? = nil) {
    self.path = path
    self.part = part
  }

  var testDescription: String { part.map { "\(path) \($0)" } ?? path }
  var fullPath: String { Fixtures.path(path) }
  var folder: String { (path as NSString).deletingLastPathComponent }

  /// By the folder's name; BERT's is in most of the others'.
  var family: String {
    ["albert", "roberta", "distilbert", "electra", "elmo"].first { path.contains($0) } ?? "bert"
  }

  /// Which of ELECTRA's two models it is, also where it has a file of its own.
  var electraPart: String? {
    part ?? ["discriminator", "generator"].first { path.contains($0) }
  }

  /// What the family's models can be written as.
  var forms: [Form] {
    let names = Families.named(family)?.dialects.map(\.name) ?? []
    return Form.all.filter { names.contains($0.names) && canHold($0.names) }
  }

  /// Only Hugging Face's and Flax's have a place for a decoder of its own. Flax's generator takes the model's activation, here relu.
  private func canHold(_ names: Dialect.Name) -> Bool {
    if let only = Self.only[folder] { return only.contains(names) }
    if isStrange, names == .original { return false }
    // Hugging Face's samples have a token type that is not zero.
    if names == .fairseq { return dialect == .fairseq }
    if folder == "heads/electra_masked", names == .flax { return false }
    return !isUntied || [.hf, .flax, .fairseq].contains(names)
  }

  /// AllenNLP's code has no words of 12 characters, nobody else's has mixes.
  private static let only: [String: Set<Dialect.Name>] = [
    "models/elmo": [.original, .bilm], "elmo/allennlp": [.allennlp],
  ]

  /// Whether it has a head that the original program has not, or computes otherwise: no token classifier in Google's, none at all in
  /// ELECTRA's, whose generator takes the model's activation.
  var isStrange: Bool {
    let task = (folder as NSString).lastPathComponent.split(separator: "_").last ?? ""
    switch family {
    case "albert", "bert": return task == "token"
    case "electra":
      return ["token", "sequence", "span"].contains(task) || folder == "heads/electra_masked"
    default: return false
    }
  }

  /// Whether it has query, key and value in one tensor, as nothing is written.
  var isFused: Bool { path.contains("fused") }

  var dialect: Dialect.Name {
    if family == "elmo", !path.hasSuffix(".hdf5") {
      return path.hasSuffix(".index") ? .bilm : .allennlp
    }
    if path.contains("fairseq") { return .fairseq }
    if path.contains("model_garden") { return .modelGarden }
    if path.hasSuffix(".index") || path.hasSuffix(".hdf5") { return .original }
    if path.hasSuffix(".msgpack") { return .flax }
    return path.contains(".h5") ? .keras : .hf
  }

  /// What the original program computed: beside the checkpoint, or beside the original of a converted one.
  var reference: String? {
    let parent = (folder as NSString).deletingLastPathComponent
    let name = (folder as NSString).lastPathComponent
    let original = name.hasPrefix("hf") ? "google_tf" + name.dropFirst(2) : name
    // The same model under the original's names and under transformers'.
    let twin = dialect == .fairseq ? "hf" : "google_tf"
    let folders = [folder, "\(parent)/\(original)", "\(parent)/\(twin)"]
    return folders.map { "\($0)/reference.safetensors" }
      .first { FileManager.default.fileExists(atPath: Fixtures.path($0)) }
  }

  /// The head that the folder is named after, `base` for none; nil for the folders that are not.
  var head: String? {
    let parts = (folder as NSString).lastPathComponent.split(separator: "_")
    guard parts.count == 2, ["keras", "flax"].contains(parts[0]) else { return nil }
    return String(parts[1])
  }

  /// One layer as bilm-tf dumps it, under names that no program looks for.
  var hasOldNames: Bool { folder == "elmo/bilm_one_dump" }

  /// Whether its decoder has weights of its own.
  var isUntied: Bool { folder.contains("untied") }

  /// Which of several classification heads its reference is of.
  var options: Model.Options {
    let settings: JSONObject =
      folder.hasSuffix("fairseq_untied_sequence") ? ["classification_head_name": "topic"] : [:]
    return Model.Options(settings: settings, part: part)
  }

  func model() throws -> Model { try Model(Checkpoint.open(fullPath), options: options) }
}

/// The fixtures by walking their folders: adding a file adds its tests.
enum Samples {
  /// Every file under `Fixtures/data`, relative and sorted.
  static let files: [String] =
    (try? FileManager.default.subpathsOfDirectory(
      atPath: Fixtures.root + "/data"))?.sorted() ?? []

  /// Every checkpoint of the families, in every container we read; each part of one that holds several.
  static let models: [Sample] = files.filter { file in
    let name = (file as NSString).lastPathComponent
    let folders = [
      "models/albert/", "models/bert/", "models/roberta/hf", "models/roberta/keras",
      "models/roberta/flax", "models/roberta/fairseq", "models/distilbert/", "models/electra/",
      "heads/", "trained/", "formats/hf_tf_", "models/elmo/", "elmo/",
    ]
    return folders.contains { file.hasPrefix($0) }
      && (name.hasSuffix(".index") || name == "model.safetensors" || name == "tf_model.h5"
        || name == "tf_model.h5.index.json" || name == "pytorch_model.bin"
        || name == "flax_model.msgpack" || name == "weights.hdf5" || name.hasSuffix(".pt"))
  }.flatMap { file in
    file.hasPrefix("models/electra/google_tf/")
      ? ["discriminator", "generator"].map { Sample(file, part: $0) } : [Sample(file)]
  }

  static let withReference = models.filter { $0.reference != nil }

  /// Every checkpoint that opens, of any model or none: a bundle counts once, by its index.
  static let readable: [Sample] = files.filter { file in
    let endings = [
      ".index", ".safetensors", ".h5", ".hdf5", ".index.json", ".ckpt", ".gguf", ".bin", ".pt",
      ".pth",
    ]
    return endings.contains { file.hasSuffix($0) }
      && (try? Checkpoint.open(Fixtures.path(file))) != nil
  }.map { Sample($0) }
}

/// A checkpoint's tensors by stored name, bytes included.
struct Contents: Equatable {
  struct Tensor: Equatable {
    var encoding: Encoding
    var shape: [Int]
    var bytes: [UInt8]
  }

  var tensors: [String: Tensor] = [:]

  /// Text and other types without numbers are left out.
  init(_ checkpoint: Checkpoint) throws {
    for tensor in checkpoint.tensors where tensor.encoding.dtype?.bits != 0 {
      let bytes = try checkpoint.source.bytes(tensor)
      tensors[tensor.name] = Tensor(encoding: tensor.encoding, shape: tensor.shape, bytes: bytes)
    }
  }

  init(_ path: String) throws { try self.init(Checkpoint.open(path)) }

  /// The names at which two checkpoints are not the same.
  func differences(from other: Contents) -> [String] {
    Set(tensors.keys).union(other.tensors.keys).filter { tensors[$0] != other.tensors[$0] }.sorted()
  }
}

extension Scratch {
  /// Names in the folder or in one below it, hidden ones too.
  func names(in folder: String = "") -> [String] {
    let path = folder.isEmpty ? self.path : "\(self.path)/\(folder)"
    return (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? []
  }
}
