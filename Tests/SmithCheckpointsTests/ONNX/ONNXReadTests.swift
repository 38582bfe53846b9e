import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct ONNXReadTests {
  @Test(arguments: ONNXTruth.paths)
  func `names, types, shapes and any range of bytes`(path: String) throws {
    let truth = try #require(ONNXTruth.models[path])
    let source = try Formats.open(Fixtures.path(path))
    #expect(source.container == "onnx")
    let readable = source.tensors.filter { $0.encoding != .plain(.opaque) }
    #expect(Set(readable.map(\.name)) == Set(truth.keys))
    try source.expect(truth)
  }

  @Test func `what else a model says`() throws {
    let types = try Formats.open(Fixtures.path("onnx/types.onnx"))
    #expect(types.metadata == ["source": "made by hand", "żółw": "✓", "empty": ""])
    #expect(
      types.notes == ["listed as one byte per number: 2 of int2, 2 of int4, 2 of uint2, 2 of uint4"]
    )
    let constants = try Formats.open(Fixtures.path("onnx/constants.onnx"))
    #expect(
      constants.notes == [
        "values of Constant nodes: 7", "in subgraphs or functions, named by node and attribute: 9",
        "sparse tensors, not read: 1",
      ])
    #expect(try constants.tensor("sparse").encoding == .plain(.opaque))
    let external = try Formats.open(Fixtures.path("onnx/external.onnx"))
    #expect(
      external.files.map(\.lastComponent) == ["external.onnx", "data.bin", "more.bin", "whole.bin"])
    #expect(external.tensors.map(\.name) == ["inline", "first", "second", "below", "whole"])
  }

  @Test func `text is listed, not read`() throws {
    let source = try Formats.open(Fixtures.path("onnx/types.onnx"))
    let text = try source.tensor("text")
    #expect(text.byteCount == 2)
    let error = #expect(throws: SmithError.self) { try source.bytes(text) }
    #expect(error?.kind == .unsupported)
    #expect(error?.place.item == "text")
  }

  @Test func `a model without the extension, and files that only look alike`() throws {
    let scratch = try Scratch()
    let model = try Fixtures.bytes("onnx/types.onnx")
    let plain = try scratch.write(model, as: "weights.bin")
    #expect(try Formats.open(plain).container == "onnx")
    for (name, bytes) in [
      ("tail", model + [0x98, 0x06, 1]), ("short", Array(model.dropLast())),
      ("saved_model", try Fixtures.bytes("formats/tf_savedmodel/saved_model.pb")), ("empty", []),
      ("version only", [0x08, 0x0A]),
    ] {
      let input = try InputPath(try scratch.write(bytes, as: name))
      #expect(try ONNX.recognise(input) == nil, "\(name)")
    }
  }

  @Test func `the model of a folder`() throws {
    let scratch = try Scratch()
    let bytes = try Fixtures.bytes("onnx/types.onnx")
    let first = try scratch.write(bytes, as: "a.onnx")
    #expect(try ONNX.recognise(InputPath(scratch.path)) == first)
    try scratch.write(bytes, as: "b.onnx")
    let error = #expect(throws: SmithError.self) { try Formats.open(scratch.path) }
    #expect(error?.kind == .mismatch)
    let named = try scratch.write(bytes, as: "model.onnx")
    #expect(try Formats.open(scratch.path).files == [named])
  }

  @Test func `external data behind a link that stays in the folder`() throws {
    let scratch = try Scratch()
    try scratch.write([0, 0, 0x80, 0x3F, 0, 0, 0, 0x40], as: "below/data.bin")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/link.bin", withDestinationPath: "below/data.bin")
    for location in ["link.bin", "below/data.bin", "./below/../below/data.bin"] {
      var file = ONNXFile()
      file.add(external: "w", [("location", location)])
      let source = try Formats.open(try scratch.write(file.bytes, as: "m.onnx"))
      #expect(try source.bytes(source.tensors[0]) == [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
    }
  }

  @Test func `a folder reached through a link is still its own folder`() throws {
    let scratch = try Scratch()
    try scratch.write([1, 2, 3, 4, 5, 6, 7, 8], as: "real/data.bin")
    var file = ONNXFile()
    file.add(external: "w", [("location", "data.bin")])
    try scratch.write(file.bytes, as: "real/m.onnx")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/alias", withDestinationPath: scratch.path + "/real")
    let source = try Formats.open(scratch.path + "/alias/m.onnx")
    #expect(try source.bytes(source.tensors[0]) == [1, 2, 3, 4, 5, 6, 7, 8])
  }

  @Test func `a read outside the tensor is the caller's mistake`() throws {
    let source = try Formats.open(Fixtures.path("onnx/types.onnx"))
    let tensor = try source.tensor("raw/INT4")
    for range in [-1..<3, 0..<16, 15..<16] {
      let error = #expect(throws: SmithError.self) { try source.bytes(tensor, range) }
      #expect(error?.kind == .usage)
    }
    var other = tensor
    other.shape = [15]
    #expect(throws: SmithError.self) { try source.bytes(other, 0..<1) }
  }
}
