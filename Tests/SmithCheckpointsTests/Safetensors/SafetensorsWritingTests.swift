import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

@Suite struct SafetensorsWritingTests {
  @Test(arguments: ["written_every", "written_plain", "written_empty"])
  func `our bytes are those of the crate`(_ name: String) throws {
    let source = try Safetensors.open(Fixtures.path("safetensors/\(name).safetensors"))
    let tensors = Array(source.tensors.shuffled())
    let writer = try #require(Safetensors.writer)
    let options = WriterOptions(stem: "out", metadata: source.metadata)
    let layout = try writer.layout(tensors, options: options)
    let files = written(layout, try tensors.map { try source.bytes($0) })
    #expect(layout.files == ["out.safetensors"])
    #expect(
      files["out.safetensors"] == (try Fixtures.bytes("safetensors/\(name).safetensors")))
  }

  @Test func `what is written reads back the same`() throws {
    let source = try Safetensors.open(Fixtures.path("formats/mlx_quantized.safetensors"))
    let scratch = try Scratch()
    let copy = try Safetensors.open(
      try write(source.tensors, source, maxShardBytes: nil, to: scratch).appending(
        path: "model.safetensors"))
    #expect(copy.metadata == source.metadata)
    try expectEqual(copy, source)
  }

  @Test(arguments: [1, 500, 2048, 9000, 31000]) func `shards read back as one`(_ limit: Int) throws
  {
    let source = try Safetensors.open(Fixtures.path("formats/mlx_quantized.safetensors"))
    let scratch = try Scratch()
    let folder = try write(source.tensors, source, maxShardBytes: limit, to: scratch)
    let copy = try Formats.open(folder)
    try expectEqual(copy, source)
    let shards = copy.files.filter { $0.hasSuffix(".safetensors") }
    let total = source.tensors.reduce(0) { $0 + $1.byteCount }
    #expect(
      shards.count == 1
        ? total <= limit : shards.count >= min(source.tensors.count, (total + limit - 1) / limit))
    for shard in shards {
      let part = try Formats.open(shard)
      #expect(
        part.tensors.count == 1 || part.tensors.reduce(0) { $0 + $1.byteCount } <= limit)
      #expect(part.metadata == source.metadata)
    }
  }

  @Test func `shard files are named and indexed as transformers does`() throws {
    let tensors = try ["b", "a", "c"].map { try TensorInfo(name: $0, dtype: .f32, shape: [2]) }
    let writer = try #require(Safetensors.writer)
    let layout = try writer.layout(
      tensors, options: WriterOptions(stem: "model", maxShardBytes: 16))
    #expect(
      layout.files == [
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
      ])
    let index = try #require(layout.pieces.last)
    #expect(index.file == 2)
    let expected = """
      {
        "metadata": {
          "total_size": 24
        },
        "weight_map": {
          "a": "model-00001-of-00002.safetensors",
          "b": "model-00001-of-00002.safetensors",
          "c": "model-00002-of-00002.safetensors"
        }
      }

      """
    #expect(String(decoding: index.bytes, as: UTF8.self) == expected)
  }

  @Test func `what the format cannot hold is refused by name`() throws {
    let writer = try #require(Safetensors.writer)
    let options = WriterOptions(stem: "model")
    func refusal(_ tensors: [TensorInfo], _ options: WriterOptions) -> SmithError? {
      failure { () throws(SmithError) in try writer.layout(tensors, options: options) }
    }
    for type in DType.allCases where !writer.dtypes.contains(type) {
      let tensor = TensorInfo(name: "t", encoding: .plain(type), shape: [0], byteCount: 0)
      let error = refusal([tensor], options)
      #expect(error?.kind == .unsupported)
      #expect(error?.place.item == "t")
    }
    #expect(writer.dtypes.count == 22)
    let blocks = TensorInfo(name: "t", encoding: .scheme("q8_0"), shape: [32], byteCount: 34)
    #expect(refusal([blocks], options)?.kind == .unsupported)
    let taken = try TensorInfo(name: "__metadata__", dtype: .u8, shape: [1])
    #expect(refusal([taken], options)?.kind == .refused)
    #expect(refusal([taken], WriterOptions(stem: "m", maxShardBytes: 0))?.kind == .usage)
  }

  private func write(
    _ tensors: [TensorInfo], _ source: any TensorSource, maxShardBytes: Int?, to scratch: Scratch
  ) throws -> String {
    let writer = try #require(Safetensors.writer)
    let layout = try writer.layout(
      tensors,
      options: WriterOptions(
        stem: "model", maxShardBytes: maxShardBytes, metadata: source.metadata))
    for (name, bytes) in written(layout, try tensors.map { try source.bytes($0) }) {
      try scratch.write(bytes, as: name)
    }
    return scratch.path
  }

  private func expectEqual(_ copy: any TensorSource, _ source: any TensorSource) throws {
    #expect(Set(copy.tensors) == Set(source.tensors))
    #expect(copy.tensors.count == source.tensors.count)
    for tensor in source.tensors { #expect(try copy.bytes(tensor) == source.bytes(tensor)) }
  }
}
