import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct HDF5ShardTests {
  private static let folder = "formats/hf_tf_bert_sharded"

  /// A copy of the sharded model that a test may damage.
  private func copy() throws -> (scratch: Scratch, index: String) {
    let scratch = try Scratch()
    for name in try FileManager.default.contentsOfDirectory(atPath: Fixtures.path(Self.folder)) {
      try scratch.write(try Fixtures.bytes("\(Self.folder)/\(name)"), as: name)
    }
    return (scratch, "\(scratch.path)/tf_model.h5.index.json")
  }

  private func replace(_ text: String, by other: String, in path: String) throws {
    let index = try String(contentsOfFile: path, encoding: .utf8)
    try #require(index.contains(text))
    try index.replacingOccurrences(of: text, with: other)
      .write(toFile: path, atomically: true, encoding: .utf8)
  }

  @Test(arguments: ["", "/tf_model.h5.index.json"])
  func `the shards together are the unsharded model`(_ suffix: String) throws {
    let sharded = try Formats.open(Fixtures.path(Self.folder) + suffix)
    #expect(sharded.container == "hdf5")
    #expect(sharded.files.count == 6)
    #expect(sharded.tensors.count == 25)
    #expect(Set(sharded.tensors.map(\.name)).count == 25)
    // In the whole file a tensor stands under the layer that owns it.
    let whole = try openHDF5("formats/hf_tf_bert/tf_model.h5")
    for tensor in sharded.tensors {
      let same = try #require(whole.tensors.first { $0.name.hasSuffix("/\(tensor.name)") })
      #expect(same.shape == tensor.shape)
      #expect(same.encoding == tensor.encoding)
    }
    for expected in HDF5Truth.byFile["\(Self.folder)/tf_model-00002-of-00005.h5"] ?? [] {
      let tensor = try #require(
        sharded.tensors.first { $0.name.hasSuffix("/\(expected.name)") })
      #expect(CRC32C.of(try sharded.bytes(tensor)) == expected.checksum)
    }
  }

  @Test func `one shard alone opens under its own names`() throws {
    let shard = try Formats.open(Fixtures.path("\(Self.folder)/tf_model-00001-of-00005.h5"))
    #expect(shard.tensors.map(\.name).contains("bert/embeddings/word_embeddings/weight:0"))
  }

  @Test func `a missing shard`() throws {
    let (scratch, index) = try copy()
    try FileManager.default.removeItem(atPath: "\(scratch.path)/tf_model-00003-of-00005.h5")
    let error = #expect(throws: SmithError.self) { try Formats.open(scratch.path) }
    #expect(error?.kind == .missing)
    #expect(error?.place.file == index)
  }

  @Test(arguments: [
    ("tf_model-00001-of-00005.h5", "../tf_model-00001-of-00005.h5", SmithError.Kind.malformed),
    ("embeddings/word_embeddings/weight:0", "embeddings/other/weight:0", .missing),
    ("\"weight_map\"", "\"weights\"", .malformed),
    (
      "\"tf_bert_for_sequence_classification/bert/embeddings/word_embeddings/weight:0\": ",
      "\"other/bert/embeddings/token_type_embeddings/embeddings:0\": ", .mismatch
    ),
  ])
  func `an index that lies`(_ text: String, _ other: String, _ kind: SmithError.Kind) throws {
    let (scratch, index) = try copy()
    try replace(text, by: other, in: index)
    let error = #expect(throws: SmithError.self) { try Formats.open(scratch.path) }
    #expect(error?.kind == kind)
    #expect(error?.place.file == index)
  }

  @Test func `a shard with more than the index lists`() throws {
    let (scratch, index) = try copy()
    let lines = try String(contentsOfFile: index, encoding: .utf8)
      .components(separatedBy: "\n").filter { !$0.contains("word_embeddings/weight:0") }
    try lines.joined(separator: "\n").write(toFile: index, atomically: true, encoding: .utf8)
    let error = #expect(throws: SmithError.self) { try Formats.open(scratch.path) }
    #expect(error?.kind == .mismatch)
    #expect(error?.place.item == "bert/embeddings/word_embeddings/weight:0")
  }
}
