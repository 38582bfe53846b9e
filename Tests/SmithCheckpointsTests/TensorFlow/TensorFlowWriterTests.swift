import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct TensorFlowWriterTests {
  /// Lays out, fills and finishes a bundle as the executor does; the files by name.
  static func write(
    _ tensors: [(TensorInfo, [UInt8])], options: WriterOptions
  ) throws -> [String: [UInt8]] {
    let writer = BundleWriter()
    let infos = tensors.map { $0.0 }
    let layout = try writer.layout(infos, options: options)
    #expect(layout.placements.count == tensors.count)
    var files = layout.files.map { _ in [UInt8]() }
    func put(_ bytes: [UInt8], _ file: Int, _ offset: Int) {
      let missing = offset + bytes.count - files[file].count
      if missing > 0 { files[file] += [UInt8](repeating: 0xEE, count: missing) }
      files[file].replaceSubrange(offset..<(offset + bytes.count), with: bytes)
    }
    for (tensor, place) in zip(tensors, layout.placements) {
      put(tensor.1, place.file, place.offset)
    }
    let last = try writer.finish(
      layout, tensors: infos, checksums: tensors.map { CRC32C.of($0.1) }, options: options)
    for piece in layout.pieces + last { put(piece.bytes, piece.file, piece.offset) }
    return Dictionary(uniqueKeysWithValues: zip(layout.files, files))
  }

  static func open(_ files: [String: [UInt8]], _ scratch: Scratch) throws -> any TensorSource {
    for (name, bytes) in files { try scratch.write(bytes, as: name) }
    return try Formats.open(scratch.path)
  }

  /// The strictest reader of a writer's output is the writer that it imitates: from the same tensors, byte for byte the files
  /// that TensorFlow made.
  @Test(arguments: [
    ("models/albert/google_tf/", "model.ckpt"), ("models/albert/google_tf_slots/", "model.ckpt"),
  ])
  func `same bytes as TensorFlow's own writer`(folder: String, stem: String) throws {
    let source = try TensorFlowBundle.open(Fixtures.path(folder + stem))
    // Given in another order than they are stored.
    let tensors = try source.tensors.reversed().map { ($0, try source.bytes($0)) }
    #expect(tensors.count > 10)
    let files = try Self.write(tensors, options: WriterOptions(stem: stem))
    #expect(files.count == 3)
    for suffix in [".index", BundleFile.onlyShard] {
      #expect(try files[stem + suffix] == Fixtures.bytes(folder + stem + suffix))
    }
  }

  static func tensors(_ count: Int) throws -> [(TensorInfo, [UInt8])] {
    let types = BundleWriter().dtypes.sorted { $0.rawValue < $1.rawValue }
    return try (0..<count).map { index in
      let shape = [[], [3], [0, 2], [2, 1, 2]][index % 4]
      let info = try TensorInfo(
        name: "t\(index)/ż", dtype: types[index % types.count], shape: shape)
      return (info, (0..<info.byteCount).map { UInt8(truncatingIfNeeded: $0 + index) })
    }
  }

  @Test(arguments: [nil, 1, 20, 64, 1 << 20] as [Int?])
  func `every type, in one file or many, reads back`(most: Int?) throws {
    let tensors = try Self.tensors(61)
    let options = WriterOptions(stem: "m.ckpt", maxShardBytes: most)
    let files = try Self.write(tensors, options: options)
    #expect(try Self.write(tensors, options: options) == files)
    let scratch = try Scratch()
    let source = try Self.open(files, scratch)
    #expect(source.tensors.count == tensors.count)
    for (info, bytes) in tensors {
      #expect(try source.tensor(info.name) == info)
      #expect(try source.bytes(info) == bytes)
      try source.verifyChecksum(info)
    }
    let data = files.filter { $0.key.contains(".data-") }
    #expect(data.values.reduce(0) { $0 + $1.count } == tensors.reduce(0) { $0 + $1.1.count })
    if let most, most < 64 {
      #expect(data.count > 3)
      // A file is larger only when its one tensor with bytes is.
      let largest = tensors.map { $0.1.count }.max() ?? 0
      #expect(data.values.allSatisfy { $0.count <= max(most, largest) })
    } else if most == nil {
      #expect(data.count == 1)
    }
  }

  @Test func `the order of the request changes nothing`() throws {
    let tensors = try Self.tensors(40)
    let options = WriterOptions(stem: "m", maxShardBytes: 30)
    #expect(
      try Self.write(tensors, options: options)
        == Self.write(tensors.reversed(), options: options))
  }

  @Test func `no tensors is a bundle too`() throws {
    let scratch = try Scratch()
    let files = try Self.write([], options: WriterOptions(stem: "m"))
    #expect(files.keys.sorted() == ["checkpoint", "m.data-00000-of-00001", "m.index"])
    #expect(try Self.open(files, scratch).tensors.isEmpty)
  }

  @Test func `the state file names the prefix`() throws {
    let files = try Self.write([], options: WriterOptions(stem: "model.ckpt-7"))
    let text = String(decoding: files["checkpoint"] ?? [], as: UTF8.self)
    #expect(
      text == """
        model_checkpoint_path: "model.ckpt-7"
        all_model_checkpoint_paths: "model.ckpt-7"

        """)
  }

  @Test(
    arguments: [
      (TensorInfo(name: "", encoding: .plain(.f32), shape: [], byteCount: 4), .refused),
      (TensorInfo(name: "\u{0}a", encoding: .plain(.f32), shape: [], byteCount: 4), .refused),
      (TensorInfo(name: "a", encoding: .plain(.f4), shape: [2], byteCount: 1), .unsupported),
      (TensorInfo(name: "a", encoding: .plain(.string), shape: [2], byteCount: 1), .unsupported),
      (TensorInfo(name: "a", encoding: .scheme("q8_0"), shape: [32], byteCount: 34), .unsupported),
      (
        TensorInfo(
          name: "a", encoding: .plain(.u8), shape: [Int](repeating: 1, count: 17), byteCount: 1),
        .limit
      ),
      (
        TensorInfo(
          name: String(repeating: "a", count: 4097), encoding: .plain(.u8), shape: [], byteCount: 1),
        .limit
      ),
    ] as [(TensorInfo, SmithError.Kind)])
  func `what a bundle cannot hold`(tensor: TensorInfo, kind: SmithError.Kind) throws {
    let error = try #require(throws: SmithError.self) {
      try BundleWriter().layout([tensor], options: WriterOptions(stem: "m"))
    }
    #expect(error.kind == kind)
    #expect(error.place.item == tensor.name)
  }
}
