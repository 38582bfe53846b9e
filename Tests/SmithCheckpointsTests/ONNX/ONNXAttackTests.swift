import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct ONNXAttackTests {
  typealias Row = BuiltAttack<ONNXFile>

  static let four: [UInt8] = [0, 0, 0x80, 0x3F]

  static let tensors: [Row] = [
    Row("a dimension of -1", .malformed, item: nil) { $0.add("x", shape: [-1]) },
    Row("17 dimensions", .limit, item: nil) { $0.add("x", shape: [Int](repeating: 1, count: 17)) },
    Row("a shape beyond 64 bits", .limit) { $0.add("x", shape: [1 << 40, 1 << 40]) },
    Row("a zero that hides an overflow", .limit) { $0.add("x", shape: [1 << 40, 1 << 40, 0]) },
    Row("bits beyond 64 bits", .limit) { $0.add("x", shape: [1 << 60]) },
    Row("raw data too short", .mismatch) { $0.add("x", shape: [2]) { $0.bytes(9, four) } },
    Row("raw data too long", .mismatch) { $0.add("x", shape: []) { $0.bytes(9, four + four) } },
    Row("raw data of nothing", .mismatch) { $0.add("x", shape: [1]) { $0.bytes(9, []) } },
    Row("no data", .mismatch) { $0.add("x", shape: [1]) },
    Row("10^12 floats in four bytes", .mismatch) {
      $0.add("x", shape: [1_000_000, 1_000_000]) { $0.bytes(4, four) }
    },
    Row("fewer varints than elements", .mismatch) {
      $0.add("x", 6, shape: [5]) { $0.bytes(5, [1, 2]) }
    },
    Row("more bytes than varints can take", .mismatch) {
      $0.add("x", 6, shape: [1]) { $0.bytes(5, [UInt8](repeating: 1, count: 11)) }
    },
    Row("values in another field", .malformed) { $0.add("x", shape: [1]) { $0.bytes(5, [1]) } },
    Row("raw and typed", .malformed) {
      $0.add("x", shape: [1]) {
        $0.bytes(9, four)
        $0.bytes(4, four)
      }
    },
    Row("raw and external", .malformed) {
      $0.add("x", shape: [1]) {
        $0.bytes(9, four)
        $0.varint(14, 1)
      }
    },
    Row("half a float", .malformed) { $0.add("x", shape: [1]) { $0.bytes(4, [1, 2, 3]) } },
    Row("floats as varints", .malformed) { $0.add("x", shape: [1]) { $0.varint(4, 7) } },
    Row("type 0", .malformed) { $0.add("x", 0, shape: [1]) },
    Row("type -1", .malformed) { $0.add("x", -1, shape: [1]) },
    Row("type beyond 32 bits", .malformed, item: nil) { $0.add { $0.varint(2, 1 << 40) } },
    Row("segments", .unsupported, item: "x") { $0.add("x", shape: [1]) { $0.message(3) { _ in } } },
    Row("text of another count", .mismatch) { $0.add("x", 8, shape: [2]) { $0.bytes(6, [65]) } },
    Row("six-bit floats in the typed field", .unsupported) {
      $0.add("x", 27, shape: [4]) { $0.bytes(5, [1, 2, 3, 4]) }
    },
    Row("no name", .malformed, item: nil) { $0.add("", shape: [1]) { $0.bytes(9, four) } },
    Row("one name twice", .mismatch) { file in
      for _ in 0..<2 { file.add("x", shape: [1]) { $0.bytes(9, four) } }
    },
    Row("a name of 5000 bytes", .limit, item: nil) {
      $0.add(String(repeating: "x", count: 5000), shape: [1]) { $0.bytes(9, four) }
    },
    Row("a name that is not UTF-8", .malformed, item: nil) {
      $0.add { $0.bytes(8, [0xC3, 0x28]) }
    },
    Row("numbers in 5000 runs", .limit) {
      $0.add("x", 6, shape: [10_000]) {
        for _ in 0..<5000 {
          $0.bytes(5, [1])
          $0.varint(5, 1)
        }
      }
    },
  ]

  static let models: [Row] = [
    Row("no graph", .malformed, item: nil) { $0.hasGraph = false },
    Row("a tensor past its graph", .truncated, item: nil) { $0.graph.bytes(5, [0x4A, 0x7F]) },
    Row("raw data of 2^63 bytes", .truncated, item: nil) {
      $0.graph.bytes(5, [0x4A] + V1File.varints([1 << 63]))
    },
    Row("raw data of 2^64 - 1 bytes", .truncated, item: nil) {
      $0.graph.bytes(5, [0x4A] + V1File.varints([.max]))
    },
    Row("a dimension past its tensor", .truncated, item: nil) {
      $0.graph.bytes(5, [0x0A, 2, 0x80, 0x80])
    },
    Row("a dimension of eleven bytes", .malformed, item: nil) {
      $0.graph.bytes(5, [0x08] + [UInt8](repeating: 0xFF, count: 10))
    },
    Row("a group", .malformed, item: nil) { $0.graph.bytes(5, [0x0B]) },
    Row("an initializer that is a number", .malformed, item: nil) { $0.graph.varint(5, 1) },
    Row("a graph that is a number", .malformed, item: nil) { $0.rest.varint(7, 1) },
    Row("metadata twice", .mismatch, item: "k") { file in
      for _ in 0..<2 { file.rest.message(14) { $0.bytes(1, [0x6B]) } }
    },
    Row("metadata that is not UTF-8", .malformed, item: nil) {
      $0.rest.message(14) { $0.bytes(2, [0xFF]) }
    },
    Row("a Constant without an output", .mismatch, item: "x") {
      // Its tensor has no name to be listed under, so it is passed over; the next error shows that.
      $0.graph.message(1) { node in
        node.bytes(4, Array("Constant".utf8))
        node.message(5) { $0.message(5) { $0.varint(2, 1) } }
      }
      $0.add("x", shape: [1])
    },
  ]

  @Test(arguments: tensors + models)
  func `hostile models`(row: Row) throws {
    let scratch = try Scratch()
    var file = ONNXFile()
    row.build(&file)
    let path = try scratch.write(file.bytes, as: "m.onnx")
    let error = try #require(throws: SmithError.self) { try Formats.open(path) }
    #expect(error.kind == row.kind, "\(error)")
    #expect(error.place.file == path)
    #expect(error.place.item == row.item, "\(error)")
  }

  /// What only shows when the numbers are decoded.
  @Test(
    arguments: [
      (6, 3, [1, 0x81, 0x80, 1], .mismatch), (6, 3, [1, 2, 0x83, 4, 5], .mismatch),
      (2, 1, V1File.varints([256]), .mismatch), (3, 1, V1File.varints([200]), .mismatch),
      (9, 1, [2], .mismatch), (10, 1, V1File.varints([1 << 16]), .mismatch),
      (17, 1, V1File.varints([256]), .mismatch), (22, 2, V1File.varints([256]), .mismatch),
      (6, 1, [255, 255, 255, 255, 255, 255, 255, 255, 255, 2], .malformed),
    ] as [(Int32, Int, [UInt8], SmithError.Kind)])
  func `hostile numbers`(type: Int32, count: Int, run: [UInt8], kind: SmithError.Kind) throws {
    let scratch = try Scratch()
    var file = ONNXFile()
    file.add("x", type, shape: [count]) { $0.bytes(5, run) }
    let source = try Formats.open(try scratch.write(file.bytes, as: "m.onnx"))
    let error = try #require(throws: SmithError.self) { try source.bytes(source.tensors[0]) }
    #expect(error.kind == kind)
    #expect(error.place.item == "x")
    #expect(error.place.offset != nil)
  }

  /// Graphs in graphs in graphs.
  @Test(
    arguments: [(62, nil), (63, nil), (64, .limit), (5000, .limit)] as [(Int, SmithError.Kind?)])
  func `nested graphs`(depth: Int, kind: SmithError.Kind?) throws {
    let scratch = try Scratch()
    var inner = ProtobufWriter()
    for _ in 0..<depth {
      let graph = inner.bytes
      inner = ProtobufWriter()
      inner.message(1) { node in node.message(5) { $0.bytes(6, graph) } }
    }
    var file = ONNXFile()
    file.graph = inner
    let path = try scratch.write(file.bytes, as: "m.onnx")
    guard let kind else {
      #expect(try Formats.open(path).tensors.isEmpty)
      return
    }
    let error = #expect(throws: SmithError.self) { try Formats.open(path) }
    #expect(error?.kind == kind)
  }

  /// The location in the model, and what is wrong with it. `secret` lies beside the model's folder.
  @Test(
    arguments: [
      ("../secret", .refused), ("data/../../secret", .refused), ("./../secret", .refused),
      ("/etc/hostname", .refused), ("link", .refused), ("linked/secret", .refused),
      ("hard", .refused), ("nobody", .missing), ("", .malformed), ("a\0b", .malformed),
      ("data", .unsupported), (".", .refused), ("pipe", .unsupported), ("dangling", .missing),
      ("..", .refused), ("loop", .missing),
    ] as [(String, SmithError.Kind)])
  func `locations`(location: String, kind: SmithError.Kind) throws {
    let scratch = try Scratch()
    let files = FileManager.default
    let secret = try scratch.write([UInt8](repeating: 7, count: 8), as: "secret")
    let folder = scratch.path + "/model"
    try scratch.write([1, 2, 3, 4, 5, 6, 7, 8], as: "model/data/ok.bin")
    for (name, target) in [
      ("link", secret), ("linked", ".."), ("dangling", "nowhere"), ("loop", "loop"),
    ] {
      try files.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: target)
    }
    try files.linkItem(atPath: secret, toPath: folder + "/hard")
    mkfifo(folder + "/pipe", 0o600)
    var file = ONNXFile()
    file.add(external: "w", [("location", location)])
    let path = try scratch.write(file.bytes, as: "model/m.onnx")
    let error = try #require(throws: SmithError.self) { try Formats.open(path) }
    #expect(error.kind == kind, "\(error)")
    #expect(error.place.item == "w")
    if kind == .refused || kind == .missing { #expect(error.remedy != nil) }
  }

  @Test(
    arguments: [
      ([("offset", "-1")], .malformed), ([("offset", "+0")], .malformed),
      ([("offset", " 0")], .malformed), ([("offset", "")], .malformed),
      ([("offset", "0x0")], .malformed), ([("offset", "٣")], .malformed),
      ([("offset", "99999999999999999999")], .malformed),
      ([("offset", "9223372036854775807")], .truncated), ([("offset", "1")], .truncated),
      ([("length", "7")], .mismatch), ([("length", "9")], .mismatch),
      ([("length", "-8")], .malformed), ([("length", "9223372036854775807")], .mismatch),
      ([("offset", "0"), ("length", "8"), ("checksum", "none"), ("colour", "blue")], nil),
    ] as [([(String, String)], SmithError.Kind?)])
  func `offsets and lengths`(entries: [(String, String)], kind: SmithError.Kind?) throws {
    let scratch = try Scratch()
    try scratch.write([1, 2, 3, 4, 5, 6, 7, 8], as: "data.bin")
    var file = ONNXFile()
    file.add(external: "w", [("location", "data.bin")] + entries)
    let path = try scratch.write(file.bytes, as: "m.onnx")
    guard let kind else {
      let source = try Formats.open(path)
      #expect(try source.bytes(source.tensors[0]) == [1, 2, 3, 4, 5, 6, 7, 8])
      return
    }
    let error = try #require(throws: SmithError.self) { try Formats.open(path) }
    #expect(error.kind == kind, "\(error)")
    #expect(error.place.offset != nil)
  }

  @Test(arguments: [(15, nil), (400, .limit)] as [(Int, SmithError.Kind?)])
  func `many tensors over the same bytes`(count: Int, kind: SmithError.Kind?) throws {
    let scratch = try Scratch()
    try scratch.write([UInt8](repeating: 0, count: 100_000), as: "data.bin")
    var file = ONNXFile()
    for index in 0..<count {
      file.add(external: "w\(index)", shape: [25_000], [("location", "data.bin")])
    }
    let path = try scratch.write(file.bytes, as: "m.onnx")
    guard let kind else {
      #expect(try Formats.open(path).tensors.count == count)
      return
    }
    let error = try #require(throws: SmithError.self) { try Formats.open(path) }
    #expect(error.kind == kind)
  }

  /// Nothing in the format is checked by a sum: what opens must still be whole, and never trap.
  static func readAll(_ path: String) throws -> Int {
    let source = try ONNX.open(path)
    var count = 0
    for tensor in source.tensors where (tensor.encoding.dtype?.bits ?? 0) > 0 {
      count += try source.bytes(tensor).count
    }
    return count
  }

  @Test(arguments: ["onnx/types.onnx", "onnx/constants.onnx", "onnx/unpacked.onnx"])
  func `every truncation is an error, or only lost what follows the graph`(name: String) throws {
    let scratch = try Scratch()
    let whole = try Fixtures.bytes(name)
    let all = try Self.readAll(try scratch.write(whole, as: "m.onnx"))
    var opened = 0
    for count in 0..<whole.count {
      let path = try scratch.write(Array(whole[..<count]), as: "m.onnx")
      do {
        let read = try Self.readAll(path)
        #expect(read <= all && read > all / 2, "\(count)")
        opened += 1
      } catch let error as SmithError { #expect(error.place.file == path, "\(count)") }
    }
    #expect(opened < 8)
  }

  @Test(arguments: [0x01, 0x80, 0xFF] as [UInt8])
  func `no changed byte is a trap`(bits: UInt8) throws {
    let scratch = try Scratch()
    for name in ["onnx/unpacked.onnx", "onnx/constants.onnx"] {
      var bytes = try Fixtures.bytes(name)
      for index in bytes.indices {
        bytes[index] ^= bits
        let path = try scratch.write(bytes, as: "m.onnx")
        do { _ = try Self.readAll(path) } catch let error as SmithError {
          #expect(error.place.file == path, "\(name) \(index)")
        }
        bytes[index] ^= bits
      }
    }
  }
}
