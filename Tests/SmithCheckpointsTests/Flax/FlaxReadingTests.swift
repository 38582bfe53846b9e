import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

@Suite struct FlaxReadingTests {
  @Test(arguments: ["arrays", "scalars", "chunked", "raw", "sharded"])
  func `every tensor as flax restores it`(_ file: String) throws {
    let path = file == "sharded" ? "flax/sharded" : "flax/\(file).msgpack"
    let source = try Formats.open(Fixtures.path(path))
    #expect(source.container == "msgpack")
    let truth = try FlaxTruth.of(file)
    #expect(source.tensors.map(\.name) == truth.map(\.name))
    for (tensor, row) in zip(source.tensors, truth) {
      #expect(tensor.encoding.name == row.dtype, "\(row.name)")
      #expect(tensor.shape == row.shape, "\(row.name)")
      #expect(try source.bytes(tensor) == row.bytes, "\(row.name)")
    }
  }

  @Test func `text is metadata, what holds nothing is named`() throws {
    let source = try Flax.open(Fixtures.path("flax/scalars.msgpack"))
    #expect(source.metadata == ["text": "\u{17C}\u{F3}\u{142}w"])
    #expect(source.notes == ["nothing is stored under none, nothing, no list"])
    #expect(try Flax.open(Fixtures.path("flax/arrays.msgpack")).notes.isEmpty)
  }

  @Test func `ranges across chunks`() throws {
    let source = try Flax.open(Fixtures.path("flax/chunked.msgpack"))
    for (tensor, row) in zip(source.tensors, try FlaxTruth.of("chunked")) {
      for start in 0...row.bytes.count {
        for count in [0, 1, 7, 64, 130] where start + count <= row.bytes.count {
          let got = try [UInt8](count: count) { span throws(SmithError) in
            try source.read(tensor, at: start, into: &span)
          }
          #expect(got == Array(row.bytes[start..<(start + count)]), "\(row.name) \(start)")
        }
      }
      let error = failure { () throws(SmithError) in
        try [UInt8](count: 2) { span throws(SmithError) in
          try source.read(tensor, at: row.bytes.count - 1, into: &span)
        }
      }
      #expect(error?.kind == .usage)
      #expect(error?.place.item == row.name)
    }
  }

  @Test func `the file that jax arrays made`() throws {
    let source = try Flax.open(Fixtures.path("formats/flax.msgpack"))
    let truth = try NPZ.open(Fixtures.path("formats/flax.npz"))
    let kernel = try #require(source.tensors.first { $0.name == "params/Dense_0/kernel" })
    let wanted = try #require(truth.tensors.first { $0.name == "kernel" })
    #expect(try source.bytes(kernel) == truth.bytes(wanted))
    #expect(
      Set(source.tensors.map(\.name)) == [
        "params/Dense_0/kernel", "params/Dense_0/bias", "params/half", "params/f16", "params/i8",
        "params/list/0", "params/list/1", "step", "lr", "c", "flag",
      ])
    let chunked = try Flax.open(Fixtures.path("formats/flax_chunked.msgpack"))
    let big = try #require(chunked.tensors.first { $0.name == "big" })
    #expect(big.shape == [7, 5])
    #expect(
      try chunked.bytes(big) == truth.bytes(try #require(truth.tensors.first { $0.name == "big" })))
  }

  @Test func `recognised by content, a folder by its usual name`() throws {
    let scratch = try Scratch()
    let bytes = try Fixtures.bytes("flax/arrays.msgpack")
    #expect(try Formats.open(try scratch.write(bytes, as: "checkpoint_100")).container == "msgpack")
    let folder = try Scratch()
    try folder.write(bytes, as: "a.msgpack")
    #expect(try Formats.open(folder.path).files == ["\(folder.path)/a.msgpack"])
    try folder.write(bytes, as: "b.msgpack")
    #expect(failure { () throws(SmithError) in try Formats.open(folder.path) }?.kind == .mismatch)
    try folder.write(bytes, as: "flax_model.msgpack")
    #expect(try Formats.open(folder.path).files == ["\(folder.path)/flax_model.msgpack"])
  }

  /// No other fixture begins like a tree of maps.
  @Test(arguments: [
    "formats/torch_zip.pt", "formats/torch_legacy.pt", "formats/h5_zoo.h5",
    "formats/onnx_inline.onnx", "formats/gguf_small_le.gguf", "formats/npy/f32.npy",
    "formats/safetensors_basic.safetensors", "formats/tf_v1_raw/old.ckpt",
  ])
  func `no other container is taken for one`(_ name: String) throws {
    #expect(try Flax.recognise(InputPath(Fixtures.path(name))) == nil)
  }

  @Test func `a key with a slash is kept and told`() throws {
    let scratch = try Scratch()
    let leaf = FlaxNode.array(shape: [1], type: "int8", data: [5])
    let path = try scratch.write(FlaxNode.map([("a/b", leaf)]).encoded, as: "x.msgpack")
    let source = try Flax.open(path)
    #expect(source.tensors.map(\.name) == ["a/b"])
    #expect(source.notes.count == 1)
    #expect(source.notes.first?.contains("a/b") == true)
  }

  @Test func `an unknown type is listed and not read`() throws {
    let scratch = try Scratch()
    let leaf = FlaxNode.array(shape: [2], type: "int4", data: [5, 6])
    let path = try scratch.write(FlaxNode.map([("a", leaf)]).encoded, as: "x.msgpack")
    let source = try Flax.open(path)
    let tensor = try #require(source.tensors.first)
    #expect(tensor.encoding == .plain(.opaque))
    #expect(source.notes.count == 1)
    #expect(failure { () throws(SmithError) in try source.bytes(tensor) }?.kind == .unsupported)
  }
}
