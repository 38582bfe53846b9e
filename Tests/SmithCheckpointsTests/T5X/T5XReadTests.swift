import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct T5XReadTests {
  /// What Fixtures/generate/t5x_cases.py read back with the zarr package and flax: folder → path → array.
  private static let truth = TrueTensor.checkpoints("t5x/truth.json")

  static let folders = ["checkpoint_1000", "google_20", "before_0114", "orbax", "scanned"]

  @Test(arguments: folders)
  func `every array under its path, inside the tree and beside it`(folder: String) throws {
    let truth = try #require(Self.truth[folder])
    for path in ["t5x/\(folder)", "t5x/\(folder)/checkpoint", "t5x/\(folder)/"] {
      let source = try Formats.open(Fixtures.path(path))
      #expect(source.container == "t5x")
      #expect(source.tensors.map(\.name).sorted() == truth.keys.sorted())
      #expect(source.notes.isEmpty)
      try source.expect(truth)
    }
  }

  @Test func `tensors in the order of the tree, its version as metadata`() throws {
    let source = try Formats.open(Fixtures.path("t5x/checkpoint_1000"))
    // Flax writes keys as they come, and the script sorted them.
    #expect(source.tensors.map(\.name) == source.tensors.map(\.name).sorted())
    #expect(source.metadata == ["version": "3"])
    let files = source.files.map { String($0.dropFirst(Fixtures.path("t5x/").count)) }
    #expect(files.first == "checkpoint_1000/checkpoint")
    #expect(files.contains("checkpoint_1000/target.token_embedder.embedding/.zarray"))
    #expect(files.count == 7)
  }

  /// A model so small that T5X keeps all of it in the tree. Its values are those of the same model in transformers' Flax file, which has
  /// the same orientation.
  @Test(arguments: [("v1_0", 40), ("v1_1", 44)])
  func `a model that is all inside its tree`(version: String, count: Int) throws {
    let source = try Formats.open(Fixtures.path("models/t5/t5x_\(version)"))
    #expect(source.container == "t5x")
    #expect(source.tensors.count == count)
    let flax = try Formats.open(Fixtures.path("models/t5/hf_\(version)/flax_model.msgpack"))
    func same(_ name: String, _ other: String) throws {
      let (one, two) = (try source.tensor(name), try flax.tensor(other))
      #expect(one.shape == two.shape)
      #expect(try source.bytes(one) == flax.bytes(two))
    }
    try same("target/token_embedder/embedding", "shared/embedding")
    try same("target/encoder/encoder_norm/scale", "encoder/final_layer_norm/weight")
    try same(
      "target/encoder/layers_0/attention/query/kernel",
      "encoder/block/0/layer/0/SelfAttention/q/kernel")
    try same(
      "target/decoder/layers_1/mlp/wo/kernel", "decoder/block/1/layer/2/DenseReluDense/wo/kernel")
    #expect(try source.tensor("state/step").encoding == .plain(.i32))
  }

  @Test func `an array that the tree does not name is mentioned`() throws {
    let scratch = try Scratch()
    let folder = scratch.path + "/c"
    try FileManager.default.copyItem(atPath: Fixtures.path("t5x/google_20"), toPath: folder)
    try FileManager.default.copyItem(
      atPath: folder + "/target.encoder.w.kernel", toPath: folder + "/target.other")
    let source = try Formats.open(folder)
    #expect(source.tensors.count == 3)
    #expect(source.notes.count == 1 && source.notes[0].contains("target.other"))
  }

  @Test(
    arguments: [
      ("t5x/orbax", "t5x/orbax/checkpoint"), ("t5x/orbax/checkpoint", "t5x/orbax/checkpoint"),
      ("models/t5/t5x_v1_0", "models/t5/t5x_v1_0/checkpoint"), ("t5x", nil),
      ("t5x/orbax/params.w", nil), ("zarr/group", nil), ("formats/tf_v2_saver", nil),
      ("formats/tf_v2_saver/checkpoint", nil), ("models/t5/hf_v1_0/flax_model.msgpack", nil),
    ] as [(String, String?)])
  func `what is a T5X checkpoint`(path: String, found: String?) throws {
    let input = try InputPath(Fixtures.path(path))
    #expect(try T5X.recognise(input) == found.map { Fixtures.path($0) })
  }

  @Test func `one array of a checkpoint is still a Zarr array`() throws {
    let source = try Formats.open(Fixtures.path("t5x/orbax/params.w"))
    #expect(source.container == "zarr")
    #expect(source.tensors.map(\.name) == ["params.w"])
  }
}
