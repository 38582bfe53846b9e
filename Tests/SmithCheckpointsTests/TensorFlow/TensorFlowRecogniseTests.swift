import SmithBytes
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct TensorFlowRecogniseTests {
  static func recognise(_ path: String) throws(SmithError) -> String? {
    try TensorFlowBundle.recognise(try InputPath(path))
  }

  @Test(
    arguments: [
      ("tf_v2_saver/model.ckpt-100", "tf_v2_saver/model.ckpt-100"),
      ("tf_v2_saver/model.ckpt-100.index", "tf_v2_saver/model.ckpt-100"),
      ("tf_v2_saver/model.ckpt-100.data-00000-of-00001", "tf_v2_saver/model.ckpt-100"),
      ("tf_v2_saver", "tf_v2_saver/model.ckpt-200"),
      ("tf_v2_saver/", "tf_v2_saver/model.ckpt-200"),
      ("tf_v2_saver/checkpoint", "tf_v2_saver/model.ckpt-200"),
      ("tf_v2_two_shards/model.ckpt-3.data-00001-of-00002", "tf_v2_two_shards/model.ckpt-3"),
      ("tf_v2_dtypes", "tf_v2_dtypes/model.ckpt-7"),
      ("tf_savedmodel", "tf_savedmodel/variables/variables"),
      ("tf_savedmodel/saved_model.pb", "tf_savedmodel/variables/variables"),
      ("tf_savedmodel/variables", "tf_savedmodel/variables/variables"),
      ("tf_v1_saver", nil), ("tf_v1_raw/old.ckpt", nil),
      ("tf_samples.npz", nil),
    ] as [(String, String?)])
  func `any part leads to the prefix`(path: String, prefix: String?) throws {
    #expect(
      try Self.recognise(Fixtures.path("formats/" + path))
        == prefix.map { Fixtures.path("formats/" + $0) })
  }

  /// The state file's text, the checkpoints in the folder, and the one to open.
  @Test(
    arguments: [
      ("model_checkpoint_path: \"b\"\n", ["a", "b"], "b"),
      ("model_checkpoint_path: \"/gone/with/the/wind/b\"\n", ["a", "b"], "b"),
      ("all_model_checkpoint_paths: \"a\"\n  model_checkpoint_path:'sub/b'", ["a", "b"], "b"),
      (
        "model_checkpoint_path: \"m\\303\\266del \\\"1\\\"\"\n", ["a", "mödel \"1\""], "mödel \"1\""
      ),
      ("model_checkpoint_path: \"\\x62\"\n", ["a", "b"], "b"),
      ("model_checkpoint_path: \"deleted\"\n", ["a"], "a"),
      ("not a state file", ["a"], "a"),
      (nil, ["a"], "a"),
      ("model_checkpoint_path: \"deleted\"\n", [], nil),
    ] as [(String?, [String], String?)])
  func `state files, fresh and stale`(state: String?, names: [String], newest: String?) throws {
    let scratch = try Scratch()
    if let state { try scratch.write(Array(state.utf8), as: "checkpoint") }
    for name in names { try scratch.write(BundleFile.simple.index, as: "\(name).index") }
    #expect(try Self.recognise(scratch.path) == newest.map { "\(scratch.path)/\($0)" })
  }

  @Test(arguments: [nil, "model_checkpoint_path: \"gone\"\n", "model_checkpoint_path: \"..\"\n"])
  func `several checkpoints and no word which`(state: String?) throws {
    let scratch = try Scratch()
    if let state { try scratch.write(Array(state.utf8), as: "checkpoint") }
    for name in ["m-100", "m-200"] {
      try scratch.write(BundleFile.simple.index, as: "\(name).index")
    }
    let error = #expect(throws: SmithError.self) { try Self.recognise(scratch.path) }
    #expect(error?.kind == .mismatch)
    #expect(error?.detail.contains("m-100, m-200") == true)
    #expect(error?.remedy == "name one, e.g. \(scratch.path)/m-200")
  }

  @Test func `content decides, not the name`() throws {
    let scratch = try Scratch()
    let odd = try scratch.write(BundleFile.simple.index, as: "renamed")
    #expect(try Self.recognise(odd) == odd)
    try scratch.write(Array("{}".utf8), as: "model.safetensors.index")
    #expect(try Self.recognise(scratch.path) == nil)
    let json = scratch.path.appending(path: "model.safetensors.index")
    #expect(try Self.recognise(json) == nil)
  }

  @Test func `a data file without its index`() throws {
    let scratch = try Scratch()
    let data = try scratch.write([1, 2, 3], as: "m.data-00000-of-00001")
    let error = #expect(throws: SmithError.self) { try Self.recognise(data) }
    #expect(error?.kind == .missing)
    #expect(error?.place.file == scratch.path.appending(path: "m.index"))
  }

  @Test func `a meta file, and a folder of the prefix's own name`() throws {
    let scratch = try Scratch()
    let prefix = try BundleFile.simple.write(to: scratch)
    let meta = try scratch.write([0x0A, 0], as: "m.meta")
    try scratch.write([], as: "m/notes.txt")
    #expect(try Self.recognise(meta) == prefix)
    #expect(try Self.recognise(prefix) == prefix)
    #expect(try Formats.open(prefix).tensors.map { $0.name } == ["w"])
  }

  @Test(
    arguments: [
      ("m.data-00001-of-00002", "m", 2), ("a.b.data-00000-of-123456", "a.b", 123456),
      ("m.data-0001-of-00002", nil, 0), ("m.data-00001-of-", nil, 0),
      ("data-00000-of-00001", nil, 0),
      (".data-00000-of-00001", "", 1), ("m.data-00001-of-0000x", nil, 0), ("-of-", nil, 0),
      ("", nil, 0),
    ] as [(String, String?, Int)])
  func `names of data files`(name: String, prefix: String?, count: Int) {
    let parsed = ShardFiles.parse(name)
    #expect(parsed?.prefix == prefix)
    #expect(parsed?.count ?? 0 == count)
    if let parsed, name.contains("00001-of-00002") {
      #expect(ShardFiles.name(parsed.prefix, 1, of: parsed.count) == name)
    }
  }

  @Test(arguments: ["model.ckpt-1", "with \"quotes\" and \\", "zażółć", "tab\there"])
  func `a state file reads back`(path: String) {
    #expect(CheckpointState(CheckpointState(path: path).encoded)?.path == path)
  }
}
