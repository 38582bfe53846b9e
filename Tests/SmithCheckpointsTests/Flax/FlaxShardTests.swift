import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

@Suite struct FlaxShardTests {
  private func folder(index: String) throws -> Scratch {
    let scratch = try Scratch()
    for name in ["flax_model-00001-of-00002.msgpack", "flax_model-00002-of-00002.msgpack"] {
      try scratch.write(try Fixtures.bytes("flax/sharded/\(name)"), as: name)
    }
    try scratch.write(Array(index.utf8), as: "flax_model.msgpack.index.json")
    return scratch
  }

  private func index(_ weights: String) -> String {
    "{\"metadata\":{},\"weight_map\":{\(weights)}}"
  }

  private let first = "\"model/wte\":\"flax_model-00001-of-00002.msgpack\""

  @Test func `the index may list less than there is`() throws {
    let second = "\"head/kernel\":\"flax_model-00002-of-00002.msgpack\""
    let scratch = try folder(index: index("\(first),\(second)"))
    #expect(try Formats.open(scratch.path).tensors.count == 4)
    #expect(try Formats.open(scratch.path).files.count == 3)
  }

  @Test(arguments: [
    ("\"x\":\"flax_model-00001-of-00002.msgpack\"", SmithError.Kind.missing),
    ("\"model/wte\":\"flax_model-00002-of-00002.msgpack\"", .missing),
    ("\"model/wte\":\"absent.msgpack\"", .missing),
    ("\"model/wte\":\"../flax_model-00001-of-00002.msgpack\"", .malformed),
  ])
  func `an index that lies`(_ weights: String, _ kind: SmithError.Kind) throws {
    let scratch = try folder(index: index(weights))
    let error = failure { () throws(SmithError) in try Formats.open(scratch.path) }
    #expect(error?.kind == kind)
    #expect(error?.place.file == "\(scratch.path)/flax_model.msgpack.index.json")
  }

  @Test func `a tensor in two shards`() throws {
    let scratch = try folder(index: index("\(first),\"copy\":\"third.msgpack\""))
    let again = FlaxNode.map([
      ("copy", .int(1)),
      ("model", .map([("wte", .array(shape: [1], type: "int8", data: [1]))])),
    ])
    try scratch.write(again.encoded, as: "third.msgpack")
    let error = failure { () throws(SmithError) in try Formats.open(scratch.path) }
    #expect(error?.kind == .mismatch)
    #expect(error?.place.item == "model/wte")
  }
}
