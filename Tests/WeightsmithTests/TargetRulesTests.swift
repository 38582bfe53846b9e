import Foundation
import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing
import Weightsmith

/// A writer whose container nests names and knows text only, as HDF5 and msgpack do.
private struct NestingWriter: ContainerWriter {
  let dtypes: Set<DType> = [.f32]
  let nameSeparator: Character? = "/"
  let keepsMetadata = true

  func layout(_ tensors: [TensorInfo], options: WriterOptions) throws(SmithError) -> OutputLayout {
    throw SmithError(.unsupported, "only asked")
  }
}

private enum Nesting: ContainerFormat {
  static let name = "nesting"
  static let fileExtension = "nest"
  static let usualNames = "hf"
  static let writer: (any ContainerWriter)? = NestingWriter()

  static func isModelFile(_ name: String) -> Bool { false }
  static func recognise(_ input: InputPath) throws(SmithError) -> String? { nil }
  static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    throw SmithError(.unsupported, "only asked")
  }
}

/// Container to container: what the target cannot hold is said, all of it at once, and nothing is widened or dropped in silence.
@Suite struct TargetRulesTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// A safetensors file of empty tensors and some text.
  private func file(
    _ tensors: [(name: String, dtype: DType, shape: [Int])], metadata: [String: String] = [:]
  ) throws -> Checkpoint {
    let infos = try tensors.map { try TensorInfo(name: $0.name, dtype: $0.dtype, shape: $0.shape) }
    let writer = try #require(Safetensors.writer)
    let layout = try writer.layout(infos, options: WriterOptions(stem: "in", metadata: metadata))
    var bytes = layout.pieces[0].bytes
    bytes += [UInt8](repeating: 0, count: infos.reduce(0) { $0 + $1.byteCount })
    return try Checkpoint.open(scratch.write(bytes, as: "in.safetensors"))
  }

  /// A GGUF file with blocks that no scheme of ours decodes, beside ones that one does.
  private func strangeBlocks() throws -> Checkpoint {
    let infos = [
      TensorInfo(name: "strange", encoding: .scheme("q1_0"), shape: [2, 128], byteCount: 36),
      TensorInfo(name: "known", encoding: .scheme("q4_k"), shape: [1, 256], byteCount: 144),
    ]
    let writer = try #require(GGUF.writer)
    let layout = try writer.layout(infos, options: WriterOptions(stem: "strange"))
    let bytes = layout.pieces[0].bytes + [UInt8](repeating: 0, count: 64 + 160)
    return try Checkpoint.open(scratch.write(bytes, as: "strange.gguf"))
  }

  private func conversion(
    _ checkpoint: Checkpoint, to container: String, dtype: DType? = nil
  ) throws -> Conversion {
    let format = try Conversion.Target.format(named: container, for: "out")
    return Conversion(
      .checkpoint(checkpoint), to: .init(format: format, names: nil, dtype: dtype),
      at: "\(scratch.path)/out")
  }

  private func refusal(
    _ checkpoint: Checkpoint, to container: String, dtype: DType? = nil
  ) throws -> SmithError? {
    let work = try conversion(checkpoint, to: container, dtype: dtype)
    return #expect(throws: SmithError.self) { _ = try work.prepare() }
  }

  private func prepared(
    _ checkpoint: Checkpoint, to format: any ContainerFormat.Type
  ) throws -> Conversion.Prepared {
    try Conversion(
      .checkpoint(checkpoint), to: .init(format: format, names: nil), at: "\(scratch.path)/out"
    ).prepare()
  }

  @Test func `all that is in the way is in one line`() throws {
    let long = String(repeating: "n", count: 64)
    let source = try file([
      ("a", .f32, [1]), ("b", .bool, [1]), ("c", .bool, [1]), ("d", .u8, [2]), (long, .f32, [1]),
      ("e", .f32, [1, 1, 1, 1, 1]),
    ])
    let error = try refusal(source, to: "gguf")
    #expect(error?.kind == .refused && error?.place.file == source.path)
    let detail = try #require(error?.detail)
    #expect(detail.hasPrefix("gguf cannot hold "))
    for part in [
      "bool: 2 tensors, first b", "u8: 1 tensor, d",
      "names of more than 63 bytes: 1 tensor, \(long)",
      "more than 4 dimensions: 1 tensor, e",
    ] { #expect(detail.contains(part), "\(detail)") }
    #expect(error?.remedy?.contains("safetensors") == true)
  }

  @Test func `the remedy is f32 where that is one`() throws {
    let source = try file([("a", .f8e8m0, [4]), ("b", .f8e4m3fnuz, [4]), ("c", .f32, [1])])
    #expect(try refusal(source, to: "gguf")?.remedy == "--to safetensors, or msgpack, or torch")
    let floats = try file([("b", .f8e4m3fnuz, [4]), ("c", .f32, [1])])
    #expect(try refusal(floats, to: "gguf")?.remedy == "--dtype f32")
    let blocks = try Checkpoint.open(Fixtures.path("formats/gguf_alltypes.gguf"))
    #expect(try refusal(blocks, to: "safetensors")?.remedy == "--dtype f32")
    #expect(try refusal(strangeBlocks(), to: "safetensors")?.remedy == "--to gguf")
  }

  @Test func `blocks are refused by a container without them, and decoded when asked`() throws {
    let bytes = try Fixtures.bytes("formats/gguf_alltypes.gguf")
    let source = try Checkpoint.open(scratch.write(bytes, as: "all.gguf"))
    let error = try refusal(source, to: "safetensors")
    for scheme in ["q4_0", "q8_0", "mxfp4"] {
      #expect(error?.detail.contains("\(scheme): 1 tensor, q.\(scheme)") == true)
    }
    // Those we decode are in the way no more.
    #expect(
      try conversion(source, to: "safetensors", dtype: .f32).prepare().plan.outputs.allSatisfy {
        $0.encoding.dtype != nil
      })
    let strange = try refusal(strangeBlocks(), to: "safetensors", dtype: .f32)
    #expect(strange?.detail == "safetensors cannot hold q1_0: 1 tensor, strange")
  }

  /// gguf-py's own values of every block type that a sample has, in both byte orders.
  @Test(arguments: [
    ("formats/gguf_alltypes.gguf", "formats/gguf_alltypes.gguf", 15),
    ("gguf/blocks_le.gguf", "gguf/blocks_le.gguf", 5),
    ("gguf/blocks_be.gguf", "gguf/blocks_le.gguf", 5),
  ])
  func `blocks become the numbers they stand for`(
    name: String, twin: String, count: Int
  ) throws {
    let source = try Checkpoint.open(Fixtures.path(name))
    let truth = try JSON.parse(try Fixtures.bytes("truth/gguf.json"))
    let rows = try #require(truth[twin]?["decoded"]?.arrayValue)
    #expect(rows.count == count)
    for container in ["gguf", "safetensors"] {
      var work = try conversion(source, to: container, dtype: .f32)
      work.destination = "\(scratch.path)/out.\(container)"
      let report = try work.run()
      #expect(!report.plan.notes.contains { $0.contains("kept as blocks") })
      let made = try Checkpoint.open(work.destination)
      for row in rows {
        let tensor = try #require(made.tensors.first { $0.name == row[0]?.stringValue })
        #expect(tensor.encoding == .plain(.f32) && tensor.shape == [3, 512])
        #expect(row[1]?.intValue == Int(CRC32C.of(try made.source.bytes(tensor))), "\(tensor.name)")
      }
    }
  }

  @Test func `blocks we do not decode stay blocks, and a note says so`() throws {
    var work = try conversion(strangeBlocks(), to: "gguf", dtype: .f32)
    work.destination = "\(scratch.path)/out.gguf"
    let report = try work.run()
    #expect(
      report.plan.notes == ["kept as blocks, not f32: 1 tensors in q1_0, which we do not decode"])
    let made = try Checkpoint.open(work.destination)
    #expect(made.tensors.map(\.encoding) == [.scheme("q1_0"), .plain(.f32)])
  }

  @Test(arguments: [
    "formats/gguf_alltypes.gguf", "gguf/blocks_be.gguf", "gguf/split-00001-of-00003.gguf",
  ])
  func `GGUF to GGUF keeps blocks, types and the order of metadata`(name: String) throws {
    let source = try Checkpoint.open(Fixtures.path(name))
    for (index, limit) in [nil, 300].enumerated() {
      var work = try conversion(source, to: "gguf")
      work.destination = "\(scratch.path)/out\(index)"
      work.target.maxShardBytes = limit
      let report = try work.run()
      #expect(
        report.plan.notes == source.source.notes && (report.files.count > 1) == (limit != nil))
      let copy = try Checkpoint.open(work.destination)
      #expect(try Contents(copy) == Contents(source))
      #expect(copy.tensors == source.tensors)
      let entries = copy.source.typedMetadata.entries.filter {
        $0.key != "general.quantization_version"
      }
      #expect(entries == source.source.typedMetadata.entries)
    }
  }

  @Test func `metadata that finds no place is counted and named`() throws {
    let texts = ["a": "1", "b": "2", "c": "3", "d": "4"]
    let source = try file([("t", .f32, [1])], metadata: texts)
    let plan = try prepared(source, to: TensorFlowBundle.self).plan
    #expect(plan.notes == ["tf has no place for 4 metadata entries: a, b, c, …"])
    #expect(plan.metadata.isEmpty)
    #expect(try prepared(source, to: Safetensors.self).plan.metadata.texts == texts)
    #expect(try prepared(source, to: Nesting.self).plan.metadata.texts == texts)
  }

  @Test func `text takes typed metadata but for long arrays`() throws {
    let entries = ContainerMetadata([
      .init("general.architecture", .string("t")), .init("n", .u32(7)),
      .init("few", .array(MetadataArray(["a", "b"]))),
      .init("many", .array(MetadataArray((0..<40).map(String.init)))),
    ])
    let writer = try #require(GGUF.writer)
    let header = try writer.layout([], options: WriterOptions(stem: "x", entries: entries))
    let source = try Checkpoint.open(scratch.write(header.pieces[0].bytes, as: "in.gguf"))
    let plan = try prepared(source, to: Safetensors.self).plan
    #expect(plan.notes == ["safetensors has no place for 1 metadata entry: many"])
    #expect(
      plan.metadata.texts == ["general.architecture": "t", "n": "7", "few": #"["a", "b"]"#])
    #expect(try prepared(source, to: GGUF.self).plan.metadata == entries)
  }

  @Test func `text of another container does not become what GGUF means by a key`() throws {
    let source = try file(
      [("t", .f32, [1])], metadata: ["general.alignment": "48", "split.count": "9", "x": "y"])
    var work = try conversion(source, to: "gguf")
    work.destination = "\(scratch.path)/out.gguf"
    let report = try work.run()
    #expect(
      report.plan.notes == [
        "gguf has no place for 2 metadata entries: general.alignment, split.count"
      ])
    let made = try Checkpoint.open(work.destination)
    #expect(
      made.metadata == ["general.architecture": "unknown", "general.name": "in", "x": "y"])
  }

  @Test(
    arguments: [
      (["a", "a/b"], "a/b"), (["x/y/z", "x/y"], "x/y/z"), (["a", "ab", "a.b", "b/a"], nil),
      (["/a", ""], "/a"),
    ] as [([String], String?)])
  func `a name that is a folder of another is refused where names nest`(
    names: [String], culprit: String?
  ) throws {
    let source = try file(names.map { ($0, .f32, [1]) })
    do {
      _ = try prepared(source, to: Nesting.self)
      #expect(culprit == nil)
    } catch let error as SmithError {
      #expect(error.kind == .refused && error.place.item == culprit)
      #expect(error.detail.hasPrefix("nesting cannot hold it beside "))
    }
    #expect(try prepared(source, to: Safetensors.self).plan.outputs.count == names.count)
  }

  static let blockSchemes = Schemes.all.filter { $0 is any BlockScheme }.map(\.name)

  /// Our codes beside their metadata are ggml's blocks: there they need no metadata, and come back as they were.
  @Test(arguments: blockSchemes)
  func `codes of our own layout are GGUF's blocks`(scheme: String) throws {
    let model = try WideModel.make(in: scratch).applying(.quantize(#require(Schemes.named(scheme))))
    try Conversion(model, to: "safetensors", as: .hf, at: "\(scratch.path)/codes").run()
    let codes = try Checkpoint.open("\(scratch.path)/codes")
    var work = try conversion(codes, to: "gguf")
    work.destination = "\(scratch.path)/kept.gguf"
    try work.run()
    try Conversion(model, to: "gguf", as: .hf, at: "\(scratch.path)/direct.gguf").run()
    for name in ["kept", "direct"] {
      let made = try Checkpoint.open("\(scratch.path)/\(name).gguf")
      #expect(made.metadata["weightsmith.schemes"] == nil)
      #expect(made.metadata["general.quantization_version"] == "2")
      let logical = try codes.logicalTensors()
      #expect(Set(made.tensors) == Set(logical))
      #expect(try made.logicalTensors() == made.tensors)
      #expect(logical.filter { $0.encoding == .scheme(scheme) }.count >= 7)
      for tensor in made.tensors {
        let stored = try #require(codes.tensors.first { $0.name == tensor.name })
        #expect(try made.source.bytes(tensor) == codes.source.bytes(stored), "\(tensor.name)")
      }
      // The names of a bare BERT fit several families: a copy of the container does not know which it is.
      #expect(made.metadata["general.architecture"] == (name == "kept" ? "unknown" : "bert"))
    }
  }

  @Test(arguments: blockSchemes)
  func `a model in GGUF's blocks is a model, and goes back to our codes or to numbers`(
    scheme: String
  ) throws {
    let original = try WideModel.make(in: scratch)
    let quantized = try original.applying(.quantize(#require(Schemes.named(scheme))))
    try Conversion(quantized, to: "gguf", as: .hf, at: "\(scratch.path)/gguf").run()
    try Conversion(quantized, to: "safetensors", as: .hf, at: "\(scratch.path)/codes").run()
    let model = try Model(Checkpoint.open("\(scratch.path)/gguf"))
    #expect(!model.parameters.schemes.isEmpty)
    #expect(model.parameters.schemes == quantized.parameters.schemes)
    try Conversion(model, to: "safetensors", as: .hf, at: "\(scratch.path)/again").run()
    #expect(try Contents("\(scratch.path)/again") == Contents("\(scratch.path)/codes"))
    let codes = try Model(Checkpoint.open("\(scratch.path)/codes"))
    let report = try Verification(of: model.applying(.dequantize), against: codes, policy: .exact)
      .compare(on: .standard)
    #expect(report.holds && report.layers.count > 1)
    // What is computed from blocks is what is computed from the numbers they stand for.
    try Conversion(
      codes.applying(.dequantize), to: "safetensors", as: .hf, at: "\(scratch.path)/f32"
    )
    .run()
    let plain = try Model(Checkpoint.open("\(scratch.path)/f32"))
    #expect(plain.checkpoint.tensors.allSatisfy { $0.encoding == .plain(.f32) })
    let same = try Verification(of: codes, against: plain, policy: .exact).compare(on: .standard)
    #expect(same.holds && same.tensors.allSatisfy { $0.verdict == .equal })
    #expect(same.layers.allSatisfy { $0.maxAbs == 0 })
  }

  @Test func `a family without the container's usual names says which it has`() throws {
    let model = try Model(Checkpoint.open(Fixtures.path("models/albert/hf")))
    let usual = Conversion.Target.defaultNames(of: GGUF.self)
    #expect(usual == .gguf)
    let work = try Conversion(model, to: "gguf", as: usual, at: "\(scratch.path)/out")
    let error = #expect(throws: SmithError.self) { _ = try work.prepare() }
    #expect(error?.detail == "albert has no gguf names, only original, hf, keras, flax")
    #expect(error?.remedy == "--names original, or hf, or keras, or flax, or keep")
  }
}
