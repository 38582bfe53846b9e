import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

@Suite struct NPZWritingTests {
  private var writer: any ContainerWriter {
    get throws { try #require(NPZ.writer) }
  }

  /// The archive of the tensors as a source gives them.
  private func written(_ source: any TensorSource) throws -> [UInt8] {
    let options = WriterOptions(stem: "model")
    let bytes = try source.tensors.map { try source.bytes($0) }
    var layout = try writer.layout(source.tensors, options: options)
    layout.pieces += try writer.finish(
      layout, tensors: source.tensors, checksums: bytes.map { CRC32.of($0) }, options: options)
    #expect(layout.files == ["model.npz"])
    // Headers first, the data over them, what `finish` gives last: no two touch the same byte.
    return try #require(SmithCheckpointsTests.written(layout, bytes)["model.npz"])
  }

  @Test(arguments: ["npz/kinds.npz", "formats/npy/stored.npz"])
  func `numpy's own file, byte for byte`(_ name: String) throws {
    let source = try NPZ.open(Fixtures.path(name))
    #expect(try written(source) == (try Fixtures.bytes(name)))
  }

  @Test(arguments: ["kinds_deflated.npz", "orders.npz", "orders_deflated.npz"])
  func `deflated, turned and transposed arrays come out stored`(_ name: String) throws {
    let scratch = try Scratch()
    let source = try NPZ.open(Fixtures.path("npz/\(name)"))
    let bytes = try written(source)
    #expect(try written(source) == bytes)
    let back = try NPZ.open(try scratch.write(bytes, as: "back.npz"))
    #expect(back.tensors == source.tensors)
    for (tensor, row) in zip(back.tensors, try NPZReadingTests.truth(name)) {
      #expect(try back.bytes(tensor) == row.bytes, "\(row.name)")
    }
  }

  @Test func `types that numpy lacks are not in the list`() throws {
    let missing: Set<DType> = [
      .bf16, .f8e4m3, .f8e5m2, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz, .f4, .f6e2m3, .f6e3m2, .string,
      .opaque,
    ]
    #expect(try writer.dtypes == Set(DType.allCases).subtracting(missing))
    let tensor = try TensorInfo(name: "t", dtype: .bf16, shape: [2])
    let error = failure { () throws(SmithError) in
      try NPZ.writer?.layout([tensor], options: WriterOptions(stem: "m"))
    }
    #expect(error?.kind == .unsupported)
    #expect(error?.place.item == "t")
  }

  @Test(arguments: ["../x", "/x", "a\\b"])
  func `names that an archive cannot hold are refused`(_ name: String) throws {
    let tensor = try TensorInfo(name: name, dtype: .f32, shape: [2])
    let error = failure { () throws(SmithError) in
      try NPZ.writer?.layout([tensor], options: WriterOptions(stem: "m"))
    }
    #expect(error?.kind == .refused)
    #expect(error?.place.item?.hasPrefix(name) == true)
  }

  @Test func `names and ranks that numpy lacks are said`() throws {
    let names = try TensorInfo(name: "x.npy", dtype: .f32, shape: [2])
    let rank = try TensorInfo(name: "x", dtype: .f32, shape: Array(repeating: 1, count: 33))
    for tensor in [names, rank] {
      #expect(try writer.obstacle(to: tensor) != nil)
      let error = failure { () throws(SmithError) in
        try NPZ.writer?.layout([tensor], options: WriterOptions(stem: "m"))
      }
      #expect(error?.kind == .unsupported)
      #expect(error?.place.item == tensor.name)
    }
    let fine = try TensorInfo(name: "x", dtype: .f32, shape: Array(repeating: 1, count: 32))
    #expect(try writer.obstacle(to: fine) == nil)
  }

  @Test func `no shards`() throws {
    let tensor = try TensorInfo(name: "t", dtype: .f32, shape: [100])
    let error = failure { () throws(SmithError) in
      try NPZ.writer?.layout([tensor], options: WriterOptions(stem: "m", maxShardBytes: 399))
    }
    #expect(error?.kind == .usage)
  }
}
