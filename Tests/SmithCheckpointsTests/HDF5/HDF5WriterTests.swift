import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct HDF5WriterTests {
  private let writer = HDF5Writer()
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Writes the tensors with the bytes of `source` and opens the result.
  private func copy(
    _ tensors: [TensorInfo], of source: any TensorSource, options: WriterOptions
  ) throws -> any TensorSource {
    let layout = try writer.layout(tensors, options: options)
    for (name, bytes) in written(layout, try tensors.map { try source.bytes($0) }) {
      try scratch.write(bytes, as: name)
    }
    return try Formats.open(scratch.path)
  }

  private func readable(_ source: any TensorSource) -> [TensorInfo] {
    source.tensors.filter {
      (try? source.bytes($0)) != nil && writer.dtypes.contains($0.encoding.dtype ?? .opaque)
    }
  }

  private func expectEqual(
    _ copy: any TensorSource, _ source: any TensorSource, _ tensors: [TensorInfo]
  ) throws {
    #expect(Set(copy.tensors) == Set(tensors))
    #expect(copy.tensors.count == tensors.count)
    for tensor in tensors {
      #expect(try copy.bytes(tensor) == source.bytes(tensor), "\(tensor.name)")
    }
  }

  @Test(arguments: [
    "formats/h5_zoo.h5", "hdf5/filters.h5", "formats/hf_tf_albert/tf_model.h5",
    "formats/keras3_bf16.weights.h5", "models/elmo/weights.hdf5",
  ])
  func `what is written reads back the same`(_ file: String) throws {
    let source = try openHDF5(file)
    let tensors = readable(source)
    #expect(!tensors.isEmpty)
    let copy = try copy(tensors, of: source, options: WriterOptions(stem: "model"))
    try expectEqual(copy, source, tensors)
  }

  @Test func `every type we write`() throws {
    let tensors =
      try writer.dtypes.map {
        try TensorInfo(name: "group/\($0.rawValue)", dtype: $0, shape: [3, 0, 2])
      } + writer.dtypes.map { try TensorInfo(name: "scalar/\($0.rawValue)", dtype: $0, shape: []) }
      + writer.dtypes.map { try TensorInfo(name: "full/\($0.rawValue)", dtype: $0, shape: [2, 3]) }
    let layout = try writer.layout(tensors, options: WriterOptions(stem: "m"))
    let bytes = tensors.map { [UInt8](repeating: 1, count: $0.byteCount) }
    for (name, bytes) in written(layout, bytes) { try scratch.write(bytes, as: name) }
    let source = try HDF5Source("\(scratch.path)/m.h5")
    #expect(Set(source.tensors) == Set(tensors))
    for tensor in tensors { #expect(try source.bytes(tensor).allSatisfy { $0 == 1 }) }
  }

  @Test func `the same bytes twice`() throws {
    let source = try openHDF5("formats/hf_tf_bert/tf_model.h5")
    let options = WriterOptions(stem: "x", metadata: source.metadata)
    let first = try writer.layout(source.tensors, options: options)
    let second = try writer.layout(source.tensors, options: options)
    #expect(first.pieces == second.pieces)
    #expect(first.placements == second.placements)
  }

  @Test func `no byte is left to chance`() throws {
    let source = try openHDF5("formats/hf_tf_bert/tf_model.h5")
    let layout = try writer.layout(source.tensors, options: WriterOptions(stem: "x"))
    var runs = layout.pieces.map { $0.offset..<($0.offset + $0.bytes.count) }
    for (place, tensor) in zip(layout.placements, source.tensors) {
      runs.append(place.offset..<(place.offset + tensor.byteCount))
    }
    runs.sort { $0.lowerBound < $1.lowerBound }
    #expect(runs.first?.lowerBound == 0)
    for (one, next) in zip(runs, runs.dropFirst()) { #expect(one.upperBound == next.lowerBound) }
  }

  @Test func `layers and their weights are listed, embeddings of the head linked`() throws {
    let names = [
      "bert/tf_b/bert/embeddings/word_embeddings/weight:0", "bert/tf_b/bert/pooler/bias:0",
      "mlm___cls/tf_b/mlm___cls/predictions/bias:0", "flat",
    ]
    let tensors = try names.map { try TensorInfo(name: $0, dtype: .f32, shape: [2]) }
    let layout = try writer.layout(tensors, options: WriterOptions(stem: "m", metadata: ["k": "ż"]))
    for (name, bytes) in written(layout, tensors.map { _ in [UInt8](repeating: 7, count: 8) }) {
      try scratch.write(bytes, as: name)
    }
    let source = try HDF5Source("\(scratch.path)/m.h5")
    #expect(Set(source.tensors.map(\.name)) == Set(names))
    #expect(source.metadata["k"] == "ż" && source.metadata["backend"] == "tensorflow")
    #expect(try source.strings("layer_names") == ["bert", "mlm___cls"])
    #expect(
      try source.strings("weight_names", of: "mlm___cls") == [
        "tf_b/mlm___cls/predictions/bias:0", "tf_b/bert/embeddings/word_embeddings/weight:0",
      ])
    let layers = try #require(try source.kerasLayers())
    #expect(layers.map(\.weights) == [[names[0], names[1]], [names[2], names[0]]])
  }

  /// The body's embeddings are owned by the head too: transformers' reader misses them where the head's list has not got them.
  @Test(arguments: [
    ("albert/hf", "predictions"), ("bert/hf", "mlm___cls"), ("roberta/hf", "lm_head"),
    ("distilbert/hf", "vocab_projector"), ("electra/hf_generator", "generator_lm_head"),
  ])
  func `a head lists the weights that transformers lists`(_ model: String, _ head: String) throws {
    let theirs = try openHDF5("models/\(model)/tf_model.h5")
    let tensors = theirs.tensors.filter {
      !$0.name.hasPrefix(head + "/") || !$0.name.contains("/embeddings/")
    }
    #expect(tensors.count < theirs.tensors.count)
    let layout = try writer.layout(tensors, options: WriterOptions(stem: "m"))
    for (name, bytes) in written(layout, try tensors.map { try theirs.bytes($0) }) {
      try scratch.write(bytes, as: name)
    }
    let ours = try HDF5Source("\(scratch.path)/m.h5")
    let listed = try [ours, theirs].map { try #require(try $0.strings("weight_names", of: head)) }
    #expect(Set(listed[0]) == Set(listed[1]))
  }

  @Test(arguments: [1, 3, 700, 5000]) func `long lists are split as Keras does`(_ width: Int) {
    let fitting = 64512 / width
    for count in [1, fitting, fitting + 1, 2 * fitting + 3] {
      let list = (0..<count).map { String($0) }
      let parts = HDF5AttributeWriter.parts(list, width: width)
      #expect(parts.flatMap { $0 } == list)
      #expect(parts.allSatisfy { $0.count * width <= 64512 })
      #expect(
        parts.count == (count * width + 64511) / 64512
          || parts.count == (count + fitting - 1) / fitting)
      let sizes = parts.map(\.count)
      #expect(sizes == sizes.sorted(by: >) && (sizes.first ?? 0) - (sizes.last ?? 0) <= 1)
    }
  }

  @Test func `a list over 64,512 bytes reads back whole`() throws {
    let tensors = try (0..<3000).map {
      try TensorInfo(
        name: "layer/a rather long name of a weight/\($0)/kernel:0", dtype: .u8, shape: [1])
    }
    let layout = try writer.layout(tensors, options: WriterOptions(stem: "m"))
    for (name, bytes) in written(layout, tensors.map { _ in [7] }) {
      try scratch.write(bytes, as: name)
    }
    let source = try HDF5Source("\(scratch.path)/m.h5")
    #expect(try source.kerasLayers()?.first?.weights == tensors.map(\.name))
  }

  @Test(arguments: [40, 300, 1000]) func `shards read back as one`(_ limit: Int) throws {
    let source = try Formats.open(Fixtures.path("formats/hf_tf_bert_sharded"))
    let scoped = source.tensors.map { tensor in
      var tensor = tensor
      tensor.name = "bert/" + tensor.name
      return tensor
    }
    let layout = try writer.layout(
      scoped, options: WriterOptions(stem: "tf_model", maxShardBytes: limit))
    #expect(layout.files.last == "tf_model.h5.index.json" && layout.files.count > 2)
    for (name, bytes) in written(layout, try source.tensors.map { try source.bytes($0) }) {
      try scratch.write(bytes, as: name)
    }
    let copy = try Formats.open(scratch.path)
    #expect(Set(copy.tensors) == Set(scoped))
    for (tensor, own) in zip(source.tensors, scoped) {
      #expect(try copy.bytes(own) == source.bytes(tensor))
    }
    // Index and datasets are named as in transformers' own shards of this model.
    let theirs = try SafetensorsIndex(
      Fixtures.path("formats/hf_tf_bert_sharded/tf_model.h5.index.json"))
    let ours = try SafetensorsIndex("\(scratch.path)/tf_model.h5.index.json")
    #expect(Set(ours.shards.flatMap(\.tensors)) == Set(theirs.shards.flatMap(\.tensors)))
    let first = try HDF5Source("\(scratch.path)/\(layout.files[0])")
    #expect(try Set(first.strings("layer_names") ?? []) == Set(first.tensors.map(\.name)))
  }

  @Test(arguments: [
    (["a//b"], "no path"), (["/a"], "no path"), (["a/"], "no path"), ([""], "no path"),
    (["a/./b"], "no path"), (["a\0b"], "no path"), (["a", "a/b"], "group"),
    (["a/b/c", "a/b"], "group"), (["a", "a"], "taken"),
  ])
  func `names that HDF5 cannot hold are refused`(_ names: [String], _ why: String) throws {
    let tensors = try names.map { try TensorInfo(name: $0, dtype: .f32, shape: [1]) }
    let error = failure { () throws(SmithError) in
      try writer.layout(tensors, options: WriterOptions(stem: "m"))
    }
    #expect(error?.kind == .refused)
    #expect(error?.detail.contains(why) == true)
  }
}
