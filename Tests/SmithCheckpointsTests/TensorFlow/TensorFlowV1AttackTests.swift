import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

/// V1 checkpoints whose checksums are right and whose numbers are not, and damaged ones.
@Suite struct TensorFlowV1AttackTests {
  typealias Row = BuiltAttack<V1File>

  static func whole(_ rank: Int) -> TensorSlice {
    TensorSlice(extents: [TensorSlice.Extent](repeating: .whole, count: rank))
  }

  static func rows(_ start: Int, _ length: Int) -> TensorSlice {
    TensorSlice(extents: [.part(start: start, length: length)])
  }

  static let sizes: [Row] = [
    Row("fewer floats than the shape", .mismatch) {
      $0.add("x", shape: [3]) { $0.bytes(5, [0, 0, 0, 0]) }
    },
    Row("more floats", .mismatch) {
      $0.add("x", shape: [1]) { $0.bytes(5, [UInt8](repeating: 0, count: 8)) }
    },
    Row("a shape beyond 64 bits", .limit) { $0.add("x", shape: [1 << 40, 1 << 40]) { _ in } },
    Row("a zero that hides an overflow", .limit) {
      $0.add("x", shape: [1 << 40, 1 << 40, 0]) { _ in }
    },
    Row("2^62 floats", .mismatch) { $0.add("x", shape: [1 << 62]) { $0.fixed32(5, 1) } },
    Row("10^12 integers in four bytes", .mismatch) {
      $0.add("x", 3, shape: [1_000_000, 1_000_000]) { $0.bytes(7, [1, 2, 3, 4]) }
    },
    Row("more than ten bytes for an integer", .mismatch) {
      $0.add("x", 3, shape: [1]) { $0.bytes(7, [UInt8](repeating: 1, count: 11)) }
    },
    Row("no values", .mismatch) { $0.add("x", shape: [1]) { _ in } },
    Row("values of another field", .mismatch) {
      $0.add("x", shape: [1]) { $0.bytes(6, [0, 0, 0, 0]) }
    },
    Row("values of another wire type", .malformed) {
      $0.add("x", 3, shape: [1]) { $0.fixed32(7, 7) }
    },
    Row("half a float", .malformed) { $0.add("x", shape: [1]) { $0.bytes(5, [0, 0, 0, 0, 0]) } },
    Row("values in two ways", .malformed) {
      $0.add("x", shape: [1]) {
        $0.bytes(5, [0, 0, 0, 0])
        $0.bytes(4, [0, 0, 0, 0])
      }
    },
    Row("17 dimensions", .limit) {
      $0.addMeta("x", shape: [Int](repeating: 1, count: 17), slices: [])
    },
  ]

  static let slices: [Row] = [
    Row("a slice that is not there", .missing) { $0.addMeta("x", shape: [4], slices: [whole(1)]) },
    Row("no slices", .missing) { $0.addMeta("x", shape: [4], slices: []) },
    Row("a slice of another rank", .mismatch) {
      $0.addMeta("x", shape: [4], slices: [whole(2)])
      $0.addRecord("x", whole(2)) { $0.bytes(5, V1File.floats(0..<4)) }
    },
    Row("a slice outside the shape", .malformed) {
      $0.addMeta("x", shape: [4], slices: [rows(2, 3)])
      $0.addRecord("x", rows(2, 3)) { $0.bytes(5, V1File.floats(0..<3)) }
    },
    Row("a hole", .malformed) {
      $0.addMeta("x", shape: [4], slices: [rows(1, 3)])
      $0.addRecord("x", rows(1, 3)) { $0.bytes(5, V1File.floats(0..<3)) }
    },
    Row("slices that overlap", .malformed) { file in
      file.addMeta("x", shape: [4], slices: [rows(1, 2), rows(2, 2)])
      for start in [1, 2] {
        file.addRecord("x", rows(start, 2)) { $0.bytes(5, V1File.floats(0..<2)) }
      }
    },
    Row("one slice listed twice", .missing) {
      $0.addMeta("x", shape: [4], slices: [whole(1), whole(1)])
      $0.addRecord("x", whole(1)) { $0.bytes(5, V1File.floats(0..<4)) }
    },
    Row("a slice nobody lists", .malformed, item: nil) {
      $0.addRecord("x", whole(1)) { $0.bytes(5, V1File.floats(0..<4)) }
    },
    Row("another tensor's record under the key", .mismatch) {
      $0.addMeta("x", shape: [4], slices: [whole(1)])
      $0.addRecord("y", whole(1), key: whole(1).key(of: [0x78])) {
        $0.bytes(5, V1File.floats(0..<4))
      }
    },
    Row("another slice under the key", .mismatch) {
      $0.addMeta("x", shape: [4], slices: [whole(1)])
      $0.addRecord("x", rows(0, 4), key: whole(1).key(of: [0x78])) {
        $0.bytes(5, V1File.floats(0..<4))
      }
    },
    Row("4097 slices", .limit) { file in
      file.addMeta("x", shape: [5000], slices: (0..<4097).map { rows($0, 1) })
    },
  ]

  static let records: [Row] = [
    Row("a tensor twice in the meta record", .mismatch, item: "w") {
      $0.addMeta("w", shape: [4], slices: [])
    },
    Row("type 0", .malformed) { $0.addMeta("x", 0, shape: [], slices: []) },
    Row("type -1", .malformed) { $0.addMeta("x", -1, shape: [], slices: []) },
    Row("a name of 5000 bytes", .limit, item: nil) {
      $0.addMeta(String(repeating: "x", count: 5000), shape: [], slices: [])
    },
    Row("a name that is not UTF-8", .malformed, item: nil) {
      $0.metas.append([0x0A, 2, 0xC3, 0x28])
    },
    Row("a newer layout", .unsupported, item: nil) { $0.minConsumer = 2 },
    Row("a meta record cut short", .truncated, item: nil) { $0.meta = [0x0A, 0x10, 0x0A] },
    Row("a field of 2^63 bytes", .truncated, item: nil) {
      $0.meta = [0x0A] + V1File.varints([1 << 63])
    },
    Row("a shape beyond its record", .truncated, item: nil) {
      $0.metas.append([0x12, 0x7F, 0x12])
    },
    Row("a shape of 5000 bytes", .limit, item: nil) {
      $0.metas.append([0x12] + V1File.varints([5000]) + [UInt8](repeating: 0, count: 5000))
    },
    Row("a key of 10,000 bytes", .limit, item: nil) {
      $0.records.append(([UInt8](repeating: 7, count: 10_000), []))
    },
  ]

  @Test(arguments: sizes + slices + records)
  func `hostile numbers`(row: Row) throws {
    let scratch = try Scratch()
    var file = V1File.simple
    row.build(&file)
    let path = try scratch.write(file.bytes, as: "m")
    let error = try #require(throws: SmithError.self) { try Formats.open(path) }
    #expect(error.kind == row.kind, "\(error)")
    #expect(error.place.file == path)
    #expect(error.place.item == row.item, "\(error)")
  }

  /// What only shows when the numbers are decoded: a run that is shorter, longer, or holds what its type cannot.
  @Test(
    arguments: [
      (3, 3, [1, 0x81, 0x80, 1], .mismatch), (3, 3, [1, 2, 3, 4], .mismatch),
      (3, 1, V1File.varints([1 << 40]), .mismatch), (4, 1, V1File.varints([256]), .mismatch),
      (6, 1, V1File.varints([200]), .mismatch), (10, 1, [2], .mismatch),
      (19, 1, V1File.varints([0x10000]), .mismatch),
      (22, 1, V1File.varints([UInt64(bitPattern: -1)]), .mismatch),
      (9, 1, [255, 255, 255, 255, 255, 255, 255, 255, 255, 2], .malformed),
      (9, 2, [0x80, 0x80, 0x80], .malformed),
    ] as [(Int32, Int, [UInt8], SmithError.Kind)])
  func `hostile varints`(type: Int32, count: Int, run: [UInt8], kind: SmithError.Kind) throws {
    let fields: [Int32: Int] = [9: 10, 10: 11, 19: 13, 22: 16]
    let scratch = try Scratch()
    var file = V1File()
    file.add("x", type, shape: [count]) { $0.bytes(fields[type] ?? 7, run) }
    let source = try Formats.open(try scratch.write(file.bytes, as: "m"))
    let tensor = try source.tensor("x")
    let error = try #require(throws: SmithError.self) { try source.bytes(tensor) }
    #expect(error.kind == kind)
    #expect(error.place.item == "x")
    #expect(error.place.offset != nil)
  }

  static func readAll(_ path: String) throws {
    let source = try TensorFlowV1.open(path)
    for tensor in source.tensors { _ = try source.bytes(tensor) }
  }

  @Test(arguments: ["tf_v1_saver/model.ckpt-5", "tf_v1_raw/old.ckpt"])
  func `every truncation is an error`(name: String) throws {
    let scratch = try Scratch()
    let whole = try Fixtures.bytes("formats/" + name)
    try Self.readAll(try scratch.write(whole, as: "m"))
    for count in 0..<whole.count {
      let path = try scratch.write(Array(whole[..<count]), as: "m")
      let error = #expect(throws: SmithError.self, "\(count)") { try Self.readAll(path) }
      #expect(error?.place.file == path)
    }
  }

  @Test(arguments: [0x01, 0x80, 0xFF] as [UInt8])
  func `every changed byte is found at the latest when all is read`(bits: UInt8) throws {
    let scratch = try Scratch()
    var bytes = try Fixtures.bytes("formats/tf_v1_raw/old.ckpt")
    for index in bytes.indices {
      bytes[index] ^= bits
      let path = try scratch.write(bytes, as: "m")
      #expect(throws: SmithError.self, "byte \(index)") { try Self.readAll(path) }
      bytes[index] ^= bits
    }
  }

  /// A first block too large to be checked on opening, whose numbers lie: the flip is found when a tensor is read whole.
  @Test func `a large first block is checked with the first whole tensor`() throws {
    let scratch = try Scratch()
    let count = V1Limits.eagerBlockBytes / 4 + 10
    var file = V1File()
    file.add("w", shape: [count]) { $0.bytes(5, [UInt8](repeating: 0, count: 4 * count)) }
    file.add("x", shape: [1]) { $0.bytes(5, V1File.floats(1..<2)) }
    var bytes = file.bytes
    bytes[1 << 20] ^= 1
    let path = try scratch.write(bytes, as: "m")
    let source = try TensorFlowV1.open(path)
    #expect(try source.bytes(try source.tensor("w"), 0..<8) == [UInt8](repeating: 0, count: 8))
    let error = #expect(throws: SmithError.self) {
      try source.verifyChecksum(try source.tensor("x"))
    }
    #expect(error?.kind == .checksum)
    #expect(error?.place == Place(file: path, offset: 0, item: "x"))
  }
}
