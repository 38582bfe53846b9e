import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct NPZReadingTests {
  struct Truth: Sendable {
    let name: String
    let dtype: String
    let shape: [Int]
    let bytes: [UInt8]
  }

  static let files = [
    "kinds.npz", "kinds_deflated.npz", "orders.npz", "orders_deflated.npz",
  ]

  /// What numpy read from the file.
  static func truth(_ file: String) throws -> [Truth] {
    let rows = try JSON.parse(try Fixtures.bytes("npz/truth.json"))[file]?.objectValue
    var truth: [Truth] = []
    for (name, row) in try #require(rows) {
      let dtype = try #require(row["dtype"]?.stringValue)
      let shape = try #require(row["shape"]?.arrayValue)
      let hex = try #require(row["hex"]?.stringValue)
      truth.append(
        Truth(name: name, dtype: dtype, shape: shape.compactMap(\.intValue), bytes: bytes(hex)))
    }
    return truth
  }

  private static func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  @Test(arguments: files)
  func `every array as numpy reads it`(_ file: String) throws {
    let source = try NPZ.open(Fixtures.path("npz/\(file)"))
    let truth = try Self.truth(file)
    #expect(source.tensors.map(\.name) == truth.map(\.name))
    #expect(source.notes.isEmpty)
    for (tensor, row) in zip(source.tensors, truth) {
      #expect(tensor.encoding.name == row.dtype, "\(row.name)")
      #expect(tensor.shape == row.shape, "\(row.name)")
      #expect(try source.bytes(tensor) == row.bytes, "\(row.name)")
      try source.verifyChecksum(tensor)
    }
  }

  /// Every cut of the small ones, some of the large: also such as cut an element.
  @Test(arguments: files)
  func `ranges are those of the whole`(_ file: String) throws {
    let source = try NPZ.open(Fixtures.path("npz/\(file)"))
    for (tensor, row) in zip(source.tensors, try Self.truth(file)) {
      let count = row.bytes.count
      let step = count < 100 ? 1 : count < 1000 ? 37 : 1501
      for start in stride(from: 0, to: count + 1, by: step) {
        for end in stride(from: start, to: count + 1, by: step) {
          let got = try [UInt8](count: end - start) { span throws(SmithError) in
            try source.read(tensor, at: start, into: &span)
          }
          #expect(got == Array(row.bytes[start..<end]), "\(row.name) \(start)..<\(end)")
        }
      }
      let error = failure { () throws(SmithError) in
        try [UInt8](count: 2) { span throws(SmithError) in
          try source.read(tensor, at: count - 1, into: &span)
        }
      }
      #expect(error?.kind == .usage)
      #expect(error?.place.item == row.name)
    }
  }

  /// The twelve floats of x.json in every form.
  @Test(arguments: ["f32", "fortran", "big_endian", "v2", "v3"])
  func `a single array is a tensor named as its file`(_ name: String) throws {
    let source = try NPZ.open(Fixtures.path("formats/npy/\(name).npy"))
    let tensor = try #require(source.tensors.first)
    #expect(source.tensors.count == 1)
    #expect(tensor.name == name)
    #expect(tensor.shape == [3, 4])
    #expect(tensor.encoding == .plain(.f32))
    #expect(floats(try source.bytes(tensor)) == (try x()))
  }

  @Test(
    arguments: [
      ("scalar", DType.f64, [], [0, 0, 0, 0, 0, 0, 0xF8, 0x3F]), ("empty", .f16, [0, 3], []),
      ("bool", .bool, [2], [1, 0]), ("c64", .c64, [1], [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]),
    ] as [(String, DType, [Int], [UInt8])])
  func `single arrays of other types`(
    _ name: String, _ dtype: DType, _ shape: [Int], _ bytes: [UInt8]
  ) throws {
    let source = try NPZ.open(Fixtures.path("formats/npy/\(name).npy"))
    let tensor = try #require(source.tensors.first)
    #expect(tensor.encoding == .plain(dtype))
    #expect(tensor.shape == shape)
    #expect(try source.bytes(tensor) == bytes)
  }

  @Test func `two bytes of unknown kind are bf16, and a note says so`() throws {
    let source = try NPZ.open(Fixtures.path("formats/npy/bf16_as_void.npy"))
    let tensor = try #require(source.tensors.first)
    #expect(tensor.encoding == .plain(.bf16))
    #expect(source.notes.count == 1)
    #expect(source.notes.first?.contains("bf16_as_void") == true)
    // Round to nearest even of x.
    let wanted = try x().map { value -> UInt16 in
      let bits = value.bitPattern
      return UInt16(truncatingIfNeeded: (bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
    }
    let bytes = try source.bytes(tensor)
    #expect(wanted == (0..<12).map { UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8 })
  }

  @Test func `text is listed, a pickle is refused`() throws {
    let text = try NPZ.open(Fixtures.path("formats/npy/unicode.npy"))
    #expect(text.tensors.map(\.encoding) == [.plain(.string)])
    let path = Fixtures.path("formats/npy/object_pickle.npy")
    let error = failure { () throws(SmithError) in try NPZ.open(path) }
    #expect(error?.kind == .unsupported)
    #expect(error?.place.file == path)
    #expect(error?.detail.contains("pickled") == true)
  }

  @Test func `what is no number stands in the list of an archive and is not read`() throws {
    let source = try NPZ.open(Fixtures.path("npz/words.npz"))
    let types = Dictionary(uniqueKeysWithValues: source.tensors.map { ($0.name, $0.encoding.name) })
    #expect(
      types == [
        "words": "string", "bytes": "string", "number": "f32", "objects": "opaque",
        "when": "opaque", "records": "opaque",
      ])
    #expect(source.notes.count == 3)
    for tensor in source.tensors where tensor.name != "number" {
      let error = failure { () throws(SmithError) in try source.bytes(tensor) }
      #expect(error?.kind == .unsupported)
      #expect(error?.place.item == tensor.name)
    }
  }

  @Test func `recognised by content, and a folder by its only archive`() throws {
    let scratch = try Scratch()
    let stored = try Fixtures.bytes("formats/npy/stored.npz")
    for path in [
      try scratch.write(stored, as: "a.npz"), try scratch.write(stored, as: "weights"),
      try scratch.write(try Fixtures.bytes("formats/npy/v3.npy"), as: "array"), scratch.path,
    ] {
      let source = try Formats.open(path)
      #expect(source.container == "npz")
      #expect(!source.tensors.isEmpty)
    }
    try scratch.write(try Fixtures.bytes("formats/npy/deflated.npz"), as: "b.npz")
    #expect(
      failure { () throws(SmithError) in try Formats.open(scratch.path) }?.kind == .unsupported)
    try scratch.write(stored, as: "model.npz")
    #expect(try Formats.open(scratch.path).files == ["\(scratch.path)/model.npz"])
    for other in ["torch_zip.pt", "keras3.keras"] {
      #expect(try NPZ.recognise(InputPath(Fixtures.path("formats/\(other)"))) == nil)
    }
  }

  /// By the definition, where numpy has no say: element (i, j, k) stands at i + 5 (j + 3 k).
  @Test func `Fortran's order from every place on`() throws {
    let stored = (0..<60).map { UInt8($0) }
    let wanted = (0..<60).map { place -> UInt8 in
      let (i, j, k) = (place / 12, place / 4 % 3, place % 4)
      return stored[i + 5 * (j + 3 * k)]
    }
    let order = FortranOrder(shape: [5, 3, 4], width: 1)
    for start in 0..<60 {
      let bytes = try [UInt8](count: 60 - start) { span throws(SmithError) in
        try order.read(at: start, into: &span) { from, piece throws(SmithError) in
          piece.copy(stored, from..<(from + piece.byteCount), to: 0)
        }
      }
      #expect(bytes == Array(wanted[start...]))
    }
  }

  private func x() throws -> [Float] {
    let rows = try JSON.parse(try Fixtures.bytes("formats/npy/x.json"))["x"]?.arrayValue
    return try #require(rows).flatMap {
      ($0.arrayValue ?? []).compactMap { $0.doubleValue.map { Float($0) } }
    }
  }

  private func floats(_ bytes: [UInt8]) -> [Float] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
    }
  }
}
