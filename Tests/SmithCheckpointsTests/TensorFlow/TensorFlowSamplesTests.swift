import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

/// Files that TensorFlow wrote, against the values it was given.
@Suite struct TensorFlowSamplesTests {
  static func open(_ prefix: String) throws -> any TensorSource {
    try TensorFlowBundle.open(Fixtures.path("formats/" + prefix))
  }

  @Test(arguments: TensorFlowTruth.prefixes)
  func `types, shapes and any range of bytes`(prefix: String) throws {
    let truth = try #require(TensorFlowTruth.samples[prefix])
    let source = try Self.open(prefix)
    try source.expect(truth)
    // Object graphs and optimizer slots have no truth of their own: their names differ.
    let isGraph = prefix.contains("object") || prefix.contains("savedmodel")
    let rest = source.tensors.map { $0.name }.filter { truth[$0] == nil }
    #expect(rest.isEmpty != isGraph)
    for tensor in source.tensors { try source.verifyChecksum(tensor) }
  }

  @Test func `text is listed, checked, and not read as numbers`() throws {
    let source = try Self.open("tf_v2_dtypes/model.ckpt-7")
    let text = try source.tensor("d/str")
    #expect(text.encoding == .plain(.string))
    #expect(text.shape == [3])
    // Lengths 5, 0 and 200 take 1, 1 and 2 bytes.
    #expect(text.byteCount == 4 + 4 + 205)
    let error = #expect(throws: SmithError.self) { try source.bytes(text, 0..<4) }
    #expect(error?.kind == .unsupported)
    #expect(error?.place.item == "d/str")
  }

  @Test func `an object graph gives its variables their own names`() throws {
    let source = try Self.open("tf_v2_object/ckpt-1")
    let names = source.tensors.map { $0.name }
    #expect(Set(names).count == 26)
    #expect(names.prefix(4) == ["step", "save_counter", "Adam/iter", "Adam/beta_1"])
    #expect(names.contains("ln/gamma/.OPTIMIZER_SLOT/optimizer/v"))
    #expect(names.last == "_CHECKPOINTABLE_OBJECT_GRAPH")
    #expect(
      source.notes == [
        "object graph: 12 tensors under their variables' own names, 1 under object paths",
        "training state, no parameters: 12 optimizer slots (…/.OPTIMIZER_SLOT/…), Adam/beta_1, "
          + "Adam/beta_2, Adam/decay, Adam/iter, Adam/learning_rate, save_counter",
      ])
  }

  @Test func `the order is that of the files, slices are merged`() throws {
    #expect(
      try Self.open("tf_v2_two_shards/model.ckpt-3").tensors.map { $0.name }
        == ["w", "only0", "only1"])
    let source = try Self.open("tf_v2_two_shards/model.ckpt-3")
    #expect(
      source.files.map { $0.lastComponent } == [
        "model.ckpt-3.index", "model.ckpt-3.data-00000-of-00002",
        "model.ckpt-3.data-00001-of-00002",
      ])
    #expect(source.container == "tf")
  }

  @Test func `a read outside the tensor is the caller's mistake`() throws {
    let source = try Self.open("tf_v2_saver/model.ckpt-200")
    let tensor = try source.tensor("scope/bias")
    for range in [-1..<3, 0..<9, 8..<9] {
      let error = #expect(throws: SmithError.self) { try source.bytes(tensor, range) }
      #expect(error?.kind == .usage)
    }
    var other = tensor
    other.name = "nobody"
    #expect(throws: SmithError.self) { try source.bytes(other, 0..<1) }
  }
}
