import SmithBytes
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct KerasTests {
  @Test(arguments: ["formats/keras2_weights.h5", "formats/keras2_model.h5"])
  func `Keras 2 keeps the model's order in attributes`(_ file: String) throws {
    let truth = try #require(KerasTruth.byModel["keras2"])
    let values = try KerasValues.of(try openHDF5(file))
    #expect(values.flatMap(\.checksums) == truth.map(\.checksum))
    #expect(values.first { $0.layer == "ids" }?.checksums == [], "a layer without weights")
    // A nested model is one layer with all its variables.
    #expect(values.last?.layer == "inner" && values.last?.checksums.count == 2)
  }

  @Test func `lists split over several attributes`() throws {
    let layers = try #require(try openHDF5("formats/keras2_split_attr.h5").kerasLayers())
    #expect(layers.map(\.name) == (0..<7).map { "layer_\($0)" })
    #expect(layers[3].weights == ["layer_3/layer_3/kernel:0", "layer_3/layer_3/bias:0"])
  }

  @Test(arguments: ["formats/keras3.weights.h5", "formats/keras3.keras", "keras/deflated.keras"])
  func `Keras 3 layers have the user's names and variables in order`(_ file: String) throws {
    let truth = try #require(KerasTruth.byModel["keras3"])
    let values = try KerasValues.of(try openHDF5(file))
    #expect(values.flatMap(\.checksums).sorted() == truth.map(\.checksum).sorted())
    for layer in [
      "emb", "ln", "shared", "query", "key", "value", "attention_output", "inner_dense",
    ] {
      let expected = truth.filter { $0.layer == layer }.map(\.checksum)
      #expect(!expected.isEmpty)
      #expect(values.filter { $0.layer == layer }.map(\.checksums) == [expected], "\(layer)")
    }
    // The two directions share a name; the stored path tells them apart.
    let cells = Set(values.filter { $0.layer == "lstm_cell" }.map(\.checksums))
    let expected = ["forward_lstm", "backward_lstm"].map { direction in
      truth.filter { $0.path.contains(direction) }.map(\.checksum)
    }
    #expect(cells == Set(expected))
  }

  @Test func `tf_keras writes no names: the folder's name stands for the layer`() throws {
    let truth = try #require(KerasTruth.byModel["keras2_archive"])
    let values = try KerasValues.of(try openHDF5("formats/keras2_archive.keras"))
    #expect(values.map(\.layer) == ["dense", "dense_1"])
    #expect(values.flatMap(\.checksums) == truth.map(\.checksum))
  }

  @Test func `numbers in paths count as numbers`() {
    let sorted = ["layers/dense_10/vars", "layers/dense/vars", "layers/dense_2/vars", "a"]
      .map(NaturalOrder.init).sorted()
    #expect(
      sorted
        == ["a", "layers/dense/vars", "layers/dense_2/vars", "layers/dense_10/vars"]
        .map(NaturalOrder.init))
  }

  @Test func `codes and scales of int8 layers are as stored`() throws {
    let source = try openHDF5("formats/keras3_int8.weights.h5")
    let types = source.tensors.sorted { $0.name < $1.name }.map {
      "\($0.encoding.name) \($0.shape)"
    }
    #expect(types == ["i8 [8, 4]", "f32 [4]", "f32 [4]"])
  }

  @Test func `files that are no Keras files have no layers`() throws {
    #expect(try openHDF5("hdf5/filters.h5").kerasLayers() == nil)
    #expect(try openHDF5("models/elmo/weights.hdf5").kerasLayers() == nil)
  }

  @Test(arguments: [
    ("hostile_no_weights", SmithError.Kind.missing), ("hostile_other_weights", .unsupported),
    ("hostile_not_hdf5", .malformed), ("hostile_bomb", .limit),
  ])
  func `archives that cannot be read`(_ name: String, _ kind: SmithError.Kind) throws {
    let path = Fixtures.path("keras/\(name).keras")
    let error = #expect(throws: SmithError.self) { try Formats.open(path) }
    #expect(error?.kind == kind)
    #expect(error?.place.file == path)
  }

  @Test func `an archive cut anywhere is an error`() throws {
    let scratch = try Scratch()
    let bytes = try Fixtures.bytes("formats/keras2_archive.keras")
    for count in stride(from: 0, to: bytes.count, by: 61) {
      let path = try scratch.write(Array(bytes[..<count]), as: "cut.keras")
      #expect(throws: SmithError.self, "\(count)") { try Formats.open(path) }
    }
  }

  @Test func `an archive is known by its members, whatever its name`() throws {
    let scratch = try Scratch()
    let bytes = try Fixtures.bytes("formats/keras3.keras")
    let path = try scratch.write(bytes, as: "model.zip")
    #expect(try Formats.open(path).container == "keras")
    #expect(
      try Formats.open(scratch.write(bytes, as: "x/only.keras").parentFolder).container == "keras")
    try scratch.write(bytes, as: "x/second.keras")
    let error = #expect(throws: SmithError.self) { try Formats.open("\(scratch.path)/x") }
    #expect(error?.kind == .mismatch)
  }
}
