import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

/// A training program's dictionary around the tensors, as its reader finds it.
@Suite struct TorchEnvelopeTests {
  private static let envelope = WriterOptions.Envelope(
    settings: "args",
    values: [
      "arch": "roberta_base", "layers": 12, "rate": 0.5, "before": false, "data": nil,
      "big": 70_000,
      "below": -1, "least": -2_147_483_648, "beyond": -2_147_483_649, "huge": 4_294_967_296,
    ],
    model: "model",
    rest: [
      "history": [["name": "Adam", "state": [:], "updates": 0], []], "extra": [:], "last": nil,
    ])

  private func file(_ tensors: [TensorInfo], _ options: WriterOptions) throws -> [UInt8] {
    let writer = PyTorchWriter()
    let bytes = tensors.map { [UInt8](repeating: 7, count: $0.byteCount) }
    var layout = try writer.layout(tensors, options: options)
    layout.pieces += try writer.finish(
      layout, tensors: tensors, checksums: bytes.map { CRC32.of($0) }, options: options)
    return try #require(written(layout, bytes)[layout.files[0]])
  }

  private var options: WriterOptions {
    var options = WriterOptions(stem: "model")
    options.envelope = Self.envelope
    options.fileExtension = "pt"
    return options
  }

  @Test func `settings, tensors and the rest are read back`() throws {
    let tensors = try ["a.weight", "b"].map {
      try TensorInfo(name: $0, dtype: .f32, shape: [2, 3])
    }
    let source = try openTorch(file(tensors, options))
    #expect(source.tensors == tensors)
    let values: [(String, MetadataValue)] = [
      ("args.arch", .string("roberta_base")), ("args.layers", .i64(12)), ("args.rate", .f64(0.5)),
      ("args.before", .bool(false)), ("args.big", .i64(70_000)), ("args.below", .i64(-1)),
      ("args.least", .i64(-2_147_483_648)), ("args.beyond", .i64(-2_147_483_649)),
      ("args.huge", .i64(4_294_967_296)), ("history.0.name", .string("Adam")),
      ("history.0.updates", .i64(0)),
    ]
    for (key, value) in values { #expect(source.typedMetadata.value(key) == value, "\(key)") }
    #expect(source.typedMetadata.entries.count == values.count)
    #expect(source.notes.contains { $0.contains("argparse.Namespace") })
  }

  /// What CPython 3.11 pickles in protocol 2: `pickletools.dis` of `torch.save`'s file was the model of this.
  @Test func `a namespace is reduced as CPython reduces it`() throws {
    let bytes = try StateDictPickle([], in: Self.envelope).bytes
    let head: [UInt8] = [0x80, 2, 0x7D, 0x71, 0, 0x28, 0x58, 4, 0, 0, 0] + Array("args".utf8)
    let made =
      head + [0x71, 1] + Array("cargparse\nNamespace\n".utf8) + [0x71, 2, 0x29, 0x81, 0x71, 3]
    #expect(Array(bytes.prefix(made.count)) == made)
    #expect(bytes.suffix(2) == [0x75, 0x2E])
  }

  @Test func `it is one file, whatever the size`() throws {
    let tensors = try ["a", "b"].map { try TensorInfo(name: $0, dtype: .f32, shape: [4]) }
    var sharded = options
    sharded.maxShardBytes = 16
    let error = failure { () throws(SmithError) in
      try PyTorchWriter().layout(tensors, options: sharded)
    }
    #expect(error?.kind == .usage)
    #expect(try PyTorchWriter().layout(tensors, options: options).files == ["model.pt"])
  }
}
