import SmithBytes
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct TorchRecognitionTests {
  private let zip = "formats/torch_zip_proto3.pt"

  private func recognised(_ files: [String: [UInt8]]) throws -> String? {
    let scratch = try Scratch()
    for (name, bytes) in files { try scratch.write(bytes, as: name) }
    return try PyTorch.recognise(InputPath(scratch.path))?.lastComponent
  }

  @Test(arguments: ["weights", "x.pt", "x.pth", "x.bin", "x.ckpt"])
  func `a file is known by its content`(_ name: String) throws {
    let scratch = try Scratch()
    for fixture in [zip, "formats/torch_legacy.pt", "torch/legacy_protocol4.pt"] {
      let path = try scratch.write(try Fixtures.bytes(fixture), as: name)
      #expect(try Formats.open(path).container == "torch")
    }
  }

  @Test func `a folder's model is the usual name, or the only candidate`() throws {
    let bytes = try Fixtures.bytes(zip)
    #expect(try recognised(["a.pt": bytes, "pytorch_model.bin": bytes]) == "pytorch_model.bin")
    #expect(try recognised(["model.pth": bytes, "config.json": [0x7B]]) == "model.pth")
    #expect(
      try recognised([
        "model.pt": bytes, "training_args.bin": bytes, "optimizer.pt": bytes,
        "rng_state.pth": bytes, "scheduler.pt": bytes,
      ]) == "model.pt")
    #expect(try recognised(["vocab.bin": [1, 2, 3], "w.pt": bytes]) == "w.pt")
    #expect(try recognised(["vocab.bin": [1, 2, 3]]) == nil)
    #expect(try recognised([:]) == nil)
    let error = #expect(throws: SmithError.self) {
      try recognised(["a.pt": bytes, "b.pt": bytes])
    }
    #expect(error?.kind == .mismatch)
    #expect(try recognised(["a.pt": bytes, "model.pt": bytes, "b.pt": bytes]) == "model.pt")
  }

  @Test func `safetensors beside it comes first, other zips are not torch's`() throws {
    let folder = Fixtures.path("models/bert/hf")
    #expect(try Formats.open(folder).container == "safetensors")
    #expect(try Formats.open("\(folder)/pytorch_model.bin").container == "torch")
    let other = Fixtures.path("formats/keras3.keras")
    #expect(try PyTorch.recognise(InputPath(other)) == nil)
  }

  @Test func `damage is told, not taken for a stranger`() throws {
    let scratch = try Scratch()
    let cut = Array(try Fixtures.bytes(zip).dropLast(200))
    let path = try scratch.write(cut, as: "x.bin")
    let error = failure { () throws(SmithError) in try Formats.open(path) }
    #expect(error?.kind == .truncated)
  }

  @Test func `an index whose shard or tensor is not there is refused`() throws {
    let scratch = try Scratch()
    let folder = "formats/torch_sharded"
    let shard = "pytorch_model-00001-of-00002.bin"
    try scratch.write(try Fixtures.bytes("\(folder)/\(shard)"), as: shard)
    let index = "pytorch_model.bin.index.json"
    func open(_ map: String) throws -> SmithError? {
      try scratch.write(Array("{\"weight_map\":{\(map)}}".utf8), as: index)
      return failure { () throws(SmithError) in try Formats.open(scratch.path) }
    }
    #expect(try open("\"c\":\"pytorch_model-00002-of-00002.bin\"")?.kind == .missing)
    let absent = try open("\"absent\":\"\(shard)\"")
    #expect(absent?.kind == .missing)
    #expect(absent?.place.item == "absent")
    #expect(try open("\"a\":\"../\(shard)\"")?.kind == .malformed)
    try scratch.write(try Fixtures.bytes("\(folder)/\(shard)"), as: "second.bin")
    let twice = try open("\"a.weight\":\"\(shard)\",\"b.weight\":\"second.bin\"")
    #expect(twice?.kind == .mismatch)
  }
}
