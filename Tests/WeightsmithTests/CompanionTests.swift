import Foundation
import TestSupport
import Testing
import Weightsmith

/// What goes along with the weights.
@Suite struct CompanionTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func conversion(
    _ folder: String, to container: String, as names: Dialect.Name?, at name: String = "out"
  ) throws -> Conversion {
    let model = try Model(Checkpoint.open(Fixtures.path(folder)))
    return try Conversion(model, to: container, as: names, at: "\(scratch.path)/\(name)")
  }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/\(name)"))
  }

  /// The vocabulary goes along, byte for byte, under the name that the target's library looks for.
  @Test func `tokenizer files are carried`() throws {
    let google = "trained/tiny_albert/google_tf"
    try conversion(google, to: "safetensors", as: .hf).run()
    #expect(
      scratch.names(in: "out") == [
        "30k-clean.vocab", "config.json", "model.safetensors", "spiece.model",
      ])
    #expect(try [UInt8](bytes("out/spiece.model")) == Fixtures.bytes(google + "/30k-clean.model"))
    try conversion("trained/tiny_bert/hf", to: "tf", as: .original, at: "bert").run()
    #expect(
      Set(scratch.names(in: "bert")).isSuperset(of: ["bert_config.json", "vocab.txt", "checkpoint"])
    )
    try conversion(google, to: "safetensors", as: nil, at: "kept").run()
    #expect(
      Set(scratch.names(in: "kept")).isSuperset(of: ["albert_config.json", "30k-clean.model"]))
    #expect(try Model(Checkpoint.open("\(scratch.path)/kept")).dialect == .original)
  }

  /// Byte pairs are two files; a model that came with them is read with them where it went.
  @Test func `both files of byte pairs go along`() throws {
    let source = "\(scratch.path)/src"
    try FileManager.default.copyItem(atPath: Fixtures.path("models/roberta/hf"), toPath: source)
    for (name, fixture) in [
      ("vocab.json", "byte_bpe.vocab.json"), ("merges.txt", "byte_bpe.merges.txt"),
    ] {
      try scratch.write(try Fixtures.bytes("models/tokenizers/" + fixture), as: "src/\(name)")
    }
    let model = try Model(Checkpoint.open(source))
    try Conversion(model, to: "msgpack", as: .flax, at: "\(scratch.path)/out").run()
    #expect(Set(scratch.names(in: "out")).isSuperset(of: ["vocab.json", "merges.txt"]))
    for text in ["Hello world", "can't  stop"] {
      #expect(
        try Tokenizer.open(near: "\(scratch.path)/out", family: "gpt2").encode(text).ids
          == Tokenizer.open(near: source, family: "gpt2").encode(text).ids)
    }
  }

  /// Two SentencePiece models in one folder cannot both be `spiece.model`.
  @Test func `two vocabularies keep their names`() throws {
    let source = "\(scratch.path)/src"
    try FileManager.default.copyItem(
      atPath: Fixtures.path("models/albert/google_tf"), toPath: source)
    for name in ["cased.model", "uncased.model"] {
      try scratch.write([1, 2, 3], as: "src/\(name)")
    }
    let model = try Model(Checkpoint.open(source))
    try Conversion(model, to: "safetensors", as: .hf, at: "\(scratch.path)/out").run()
    #expect(
      scratch.names(in: "out") == [
        "cased.model", "config.json", "model.safetensors", "uncased.model",
      ])
  }
}
