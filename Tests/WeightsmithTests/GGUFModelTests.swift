import Foundation
import TestSupport
import Testing
import Weightsmith

/// BERT in llama.cpp's words, held against what llama.cpp's own converter made of the same folder (Fixtures/generate/llama_bert.py).
@Suite struct GGUFModelTests {
  static let source = "llama/bert"
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func model(_ path: String = Fixtures.path(source)) throws -> Model {
    try Model(Checkpoint.open(path))
  }

  @discardableResult
  private func convert(
    _ model: Model, dtype: DType? = nil, to name: String = "out.gguf"
  ) throws
    -> ConversionReport
  {
    var work = try Conversion(model, to: "gguf", as: .gguf, at: "\(scratch.path)/\(name)")
    work.target.dtype = dtype
    return try work.run()
  }

  private func written() throws -> Checkpoint {
    try Checkpoint.open("\(scratch.path)/out.gguf")
  }

  /// A copy of the source folder without some of its files.
  private func copy(without names: [String]) throws -> String {
    let folder = "\(scratch.path)/copy"
    try FileManager.default.copyItem(atPath: Fixtures.path(Self.source), toPath: folder)
    for name in names { try FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
    return folder
  }

  @Test(arguments: ["f32", "f16", "q8_0"])
  func `tensors and metadata are the converter's`(type: String) throws {
    let source = try model()
    if type == "q8_0" {
      try convert(source.applying(.quantize(.q8_0)))
    } else {
      try convert(source, dtype: DType(rawValue: type))
    }
    let truth = try Checkpoint.open(Fixtures.path("llama/bert-\(type).gguf")).source
    let ours = try written()
    #expect(
      try Contents("\(scratch.path)/out.gguf").differences(
        from: Contents(Fixtures.path("llama/bert-\(type).gguf"))) == [])
    let entries = truth.typedMetadata.entries.filter {
      !["general.name", "general.size_label"].contains($0.key)
    }
    #expect(entries.count == 27)
    for entry in entries {
      #expect(ours.source.typedMetadata.value(entry.key) == entry.value, "\(entry.key)")
    }
    let own = Set(ours.source.typedMetadata.keys).subtracting(truth.typedMetadata.keys)
    #expect(own == ["bert.hidden_activation"])
  }

  @Test(arguments: ["f32", "f16", "q8_0"])
  func `the converter's file becomes a folder for transformers`(type: String) throws {
    let gguf = try model(Fixtures.path("llama/bert-\(type).gguf"))
    #expect(gguf.family == "bert" && gguf.dialect == .gguf)
    #expect(gguf.notes.contains { $0.hasPrefix("hidden_activation taken as gelu") })
    try Conversion(gguf, to: "safetensors", as: .hf, at: "\(scratch.path)/hf").run()
    let back = try model("\(scratch.path)/hf")
    let source = try model()
    #expect(back.configuration.sizes == source.configuration.sizes)
    #expect(back.configuration.activation == source.configuration.activation)
    #expect(back.configuration.layerNormEpsilon == source.configuration.layerNormEpsilon)
    for name in ["vocab.txt", "tokenizer_config.json"] {
      #expect(FileManager.default.fileExists(atPath: "\(scratch.path)/hf/\(name)"))
    }
    guard type == "f32" else { return }
    let (stored, original) = (try Contents(back.checkpoint), try Contents(source.checkpoint))
    #expect(stored.tensors.count == 37)
    for (name, tensor) in stored.tensors {
      #expect(original.tensors["bert." + name] == tensor, "\(name)")
    }
    let words = try String(contentsOfFile: "\(scratch.path)/hf/vocab.txt", encoding: .utf8)
    let own = try String(contentsOfFile: Fixtures.path("llama/bert/vocab.txt"), encoding: .utf8)
    #expect(Array(words.utf8) == Array((own + "[PAD25]\n[PAD26]\n[PAD27]\n").utf8))
  }

  /// What stands in the file already is passed on: nothing beside it says more.
  @Test func `a file of the converter's written again keeps its metadata`() throws {
    let path = Fixtures.path("llama/bert-f32.gguf")
    let report = try convert(model(path))
    #expect(report.plan.notes.allSatisfy { !$0.contains("vocabulary") })
    let truth = try Checkpoint.open(path).source.typedMetadata
    let ours = try written().source.typedMetadata
    for entry in truth.entries { #expect(ours.value(entry.key) == entry.value, "\(entry.key)") }
    #expect(try Contents("\(scratch.path)/out.gguf") == Contents(path))
  }

  @Test func `vocab.txt alone gives the same tokens`() throws {
    let folder = try copy(without: ["tokenizer.json", "tokenizer_config.json"])
    try convert(model(folder))
    let truth = try Checkpoint.open(Fixtures.path("llama/bert-f32.gguf")).source.typedMetadata
    let ours = try written().source.typedMetadata
    for entry in truth.entries where entry.key.hasPrefix("tokenizer.") {
      #expect(ours.value(entry.key) == entry.value, "\(entry.key)")
    }
  }

  @Test func `without a vocabulary the file takes ids, and a note says so`() throws {
    let folder = try copy(without: ["tokenizer.json", "vocab.txt", "modules.json"])
    let report = try convert(model(folder))
    #expect(report.plan.notes.contains { $0.hasPrefix("no WordPiece vocabulary") })
    let metadata = try written().source.typedMetadata
    #expect(metadata["tokenizer.ggml.model"] == "no_vocab" && metadata["bert.vocab_size"] == "28")
    #expect(metadata["bert.pooling_type"] == nil)
  }

  @Test func `heads and pooler are left out with a note, never in silence`() throws {
    let report = try convert(model())
    #expect(report.plan.notes.contains("left out: mlm, which gguf files do not have"))
    let ignored = report.plan.fates.filter { $0.kind == .ignored }.map(\.tensor)
    #expect(ignored.count == 5 && ignored.allSatisfy { $0.hasPrefix("cls.predictions.") })
  }

  /// What llama.cpp's files have no place for is told; all the rest is judged as ever.
  @Test func `parity holds of what is there`() throws {
    let original = try model(Fixtures.path("trained/tiny_bert/hf"))
    try convert(original)
    let candidate = try model("\(scratch.path)/out.gguf")
    let report = try Verification(of: candidate, against: original).compare(on: .standard)
    #expect(report.holds && report.leftOut == ["mlm", "nsp", "pooler"])
    #expect(report.tensors.filter { $0.verdict == .omitted }.count == 9)
    #expect(report.json["leftOut"] == ["mlm", "nsp", "pooler"])
    let back = try Verification(of: original, against: candidate).compare(on: .standard)
    #expect(!back.holds && back.leftOut.isEmpty)
    let shorter = try original.applying(.share(.mean, groups: 1, on: .standard))
    #expect(try !Verification(of: candidate, against: shorter).compare(on: .standard).holds)
  }

  @Test func `a classifier is refused`() throws {
    let classifier = try model(Fixtures.path("models/bert/flax_sequence/flax_model.msgpack"))
    let error = #expect(throws: SmithError.self) { try convert(classifier) }
    #expect(error?.kind == .refused && error?.detail.contains("heads.sequence") == true)
    #expect(scratch.names() == [])
  }

  @Test func `settings have no place in a container without typed metadata`() throws {
    let work = try Conversion(model(), to: "safetensors", as: .gguf, at: "\(scratch.path)/out")
    let error = #expect(throws: SmithError.self) { try work.run() }
    #expect(error?.kind == .refused && error?.remedy == "--to gguf")
  }

  /// File, what stands in it instead, and what is wrong with it.
  static let damages: [(file: String, text: String, kind: SmithError.Kind)] = [
    ("modules.json", #"[{"type": "x.Pooling", "path": "../.."}]"#, .malformed),
    ("modules.json", "[", .truncated),
    ("tokenizer.json", "[]", .malformed),
    ("tokenizer.json", #"{"model": {"type": "WordPiece", "vocab": {"a": -1}}}"#, .malformed),
    ("tokenizer.json", #"{"model": {"type": "WordPiece", "vocab": {"a": 9999999}}}"#, .malformed),
    ("tokenizer.json", #"{"model": {"type": "WordPiece", "vocab": {"a": 28}}}"#, .missing),
    (
      "tokenizer.json", #"{"model": {"type": "WordPiece", "vocab": {"[UNK]": 0, "a": 28}}}"#,
      .mismatch
    ),
    ("tokenizer_config.json", "nonsense", .malformed),
  ]

  @Test(arguments: damages.indices)
  func `damaged files beside the weights are an error with their place`(index: Int) throws {
    let damage = Self.damages[index]
    let folder = try copy(without: [damage.file])
    try damage.text.write(toFile: "\(folder)/\(damage.file)", atomically: true, encoding: .utf8)
    let error = #expect(throws: SmithError.self) { try convert(model(folder)) }
    #expect(error?.kind == damage.kind)
    #expect(error?.place.file?.hasPrefix(folder) == true)
    #expect(!scratch.names().contains("out.gguf"))
  }

  @Test(arguments: ["albert", "roberta"])
  func `families without llama.cpp's names say which they have`(family: String) throws {
    let it = try model(Fixtures.path("models/\(family)/hf/model.safetensors"))
    let error = #expect(throws: SmithError.self) { try convert(it) }
    #expect(
      error?.kind == .refused && error?.remedy?.contains("--names original, or hf") == true
        || family == "roberta")
  }
}
