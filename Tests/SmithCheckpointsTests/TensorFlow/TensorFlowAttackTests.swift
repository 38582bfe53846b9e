import Foundation
import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

/// Bundles whose checksums are right and whose numbers are not, and bundles that were damaged.
@Suite struct TensorFlowAttackTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var what: String
    var kind: SmithError.Kind
    var file: String
    var item: String?
    var build: @Sendable (inout BundleFile) -> Void
    var testDescription: String { what }

    init(
      _ what: String, _ kind: SmithError.Kind, file: String = "m.index", item: String? = "w",
      _ build: @escaping @Sendable (inout BundleFile) -> Void
    ) {
      (self.what, self.kind, self.file, self.item, self.build) = (what, kind, file, item, build)
    }

    /// A change of the one entry.
    init(
      entry what: String, _ kind: SmithError.Kind, file: String = "m.index",
      _ change: @escaping @Sendable (inout BundleEntry) -> Void
    ) {
      self.init(what, kind, file: file) { bundle in
        var entry = bundle.entry(shape: [4], bytes: 0..<16)
        change(&entry)
        bundle.rows = []
        bundle.add("w", entry)
      }
    }

    /// An entry written field by field.
    init(
      fields what: String, _ kind: SmithError.Kind,
      _ write: @escaping @Sendable (inout ProtobufWriter) -> Void
    ) {
      self.init(what, kind) { bundle in
        var message = ProtobufWriter()
        write(&message)
        bundle.rows = [(Array("w".utf8), message.bytes)]
      }
    }

    /// Another header.
    init(
      header what: String, _ kind: SmithError.Kind,
      _ write: @escaping @Sendable (inout ProtobufWriter) -> Void
    ) {
      self.init(what, kind, item: nil) { bundle in
        var message = ProtobufWriter()
        write(&message)
        bundle.header = message.bytes
      }
    }
  }

  static let data = "m.data-00000-of-00001"

  static let entries: [Row] = [
    Row(entry: "more bytes than type and shape say", .mismatch) { $0.size = 20 },
    Row(entry: "fewer", .mismatch) { $0.size = 12 },
    Row(entry: "a size of 2^63 - 1", .mismatch) { $0.size = .max },
    Row(entry: "a shape beyond 64 bits", .limit) { $0.shape = [1 << 32, 1 << 32] },
    Row(entry: "bits beyond 64 bits", .limit) { $0.shape = [1 << 62] },
    Row(entry: "a zero that hides an overflow", .limit) { $0.shape = [1 << 32, 1 << 32, 0] },
    Row(entry: "17 dimensions", .limit) { $0.shape = [Int](repeating: 1, count: 17) },
    Row(entry: "one byte past the data", .truncated, file: data) { $0.offset = 1 },
    Row(entry: "far past the data", .truncated, file: data) { $0.offset = 1 << 50 },
    Row(entry: "an end beyond 64 bits", .limit) { $0.offset = .max },
    Row(entry: "a shard too many", .malformed) { $0.shard = 1 },
    Row(entry: "a shard far out", .malformed) { $0.shard = 1 << 30 },
    Row(entry: "text with fewer bytes than elements", .mismatch) {
      $0.type = 7; $0.size = 7
    },
    Row(entry: "text in 3 bytes", .mismatch) {
      $0.type = 7; $0.shape = []; $0.size = 3
    },
    Row(entry: "a resource past the data", .truncated, file: data) {
      $0.type = 20; $0.size = 17
    },
  ]

  static let fields: [Row] = [
    Row(fields: "no type", .malformed) { $0.message(2) { _ in } },
    Row(fields: "type -1", .malformed) { $0.varint(1, -1) },
    Row(fields: "a type beyond 32 bits", .malformed) { $0.varint(1, 1 << 40) },
    Row(fields: "offset -1", .malformed) {
      $0.varint(1, 1); $0.varint(4, -1)
    },
    Row(fields: "size -1", .malformed) {
      $0.varint(1, 1); $0.varint(5, -1)
    },
    Row(fields: "size of -2^63", .malformed) {
      $0.varint(1, 1); $0.varint(5, Int64.min)
    },
    Row(fields: "shard -1", .malformed) {
      $0.varint(1, 1); $0.varint(3, -1)
    },
    Row(fields: "a dimension of -1", .malformed) { entry in
      entry.varint(1, 1)
      entry.message(2) { $0.message(2) { $0.varint(1, -1) } }
    },
    Row(fields: "unknown rank", .malformed) { entry in
      entry.varint(1, 1)
      entry.message(2) { $0.varint(3, 1) }
    },
    Row(fields: "a checksum as varint", .malformed) {
      $0.varint(1, 1); $0.varint(6, 1)
    },
    Row(fields: "a shape as varint", .malformed) {
      $0.varint(1, 1); $0.varint(2, 1)
    },
    Row(fields: "half a message", .truncated) { $0.bytes(2, [0x12, 0x05, 0x08]) },
    Row(fields: "4097 slices", .limit) { entry in
      entry.varint(1, 1)
      for _ in 0..<4097 { entry.bytes(7, []) }
    },
  ]

  static let headers: [Row] = [
    Row(header: "no data files", .malformed) { _ in },
    Row(header: "-1 data files", .malformed) { $0.varint(1, -1) },
    Row(header: "10^9 data files", .limit) { $0.varint(1, 1_000_000_000) },
    Row(header: "2^40 data files", .malformed) { $0.varint(1, 1 << 40) },
    Row(header: "byte order 2", .malformed) {
      $0.varint(1, 1); $0.varint(2, 2)
    },
    Row(header: "a newer layout", .unsupported) { header in
      header.varint(1, 1)
      header.message(3) {
        $0.varint(1, 9); $0.varint(2, 2)
      }
    },
    Row(header: "V1", .unsupported) { $0.message(1) { _ in } },
  ]

  static let names: [Row] = [
    Row("a name that is not UTF-8", .malformed, item: nil) { bundle in
      bundle.rows.append(([0xC3, 0x28], bundle.entry(shape: [], bytes: 0..<4).encoded))
    },
    Row("a name of 5000 bytes", .limit, item: nil) {
      $0.add(String(repeating: "x", count: 5000), $0.entry(shape: [], bytes: 0..<4))
    },
    Row("one name in two spellings", .mismatch, item: "e\u{301}") {
      $0.rows = []
      $0.add("\u{E9}", $0.entry(shape: [1], bytes: 0..<4))
      $0.add("e\u{301}", $0.entry(shape: [1], bytes: 4..<8))
    },
    Row("two tensors over the same bytes", .malformed, item: "x") {
      $0.add("x", $0.entry(shape: [1], bytes: 12..<16))
    },
    Row("no header", .malformed, item: nil) { $0.header = [] },
    Row("a missing data file", .missing, file: "m.data-00001-of-00002") {
      $0.header = BundleHeader(shards: 2).encoded
      $0.data = ["data-00000-of-00002": []]
      $0.rows = []
      $0.add("w", $0.entry(shape: [4], bytes: 0..<16, shard: 1))
    },
    Row("no data files at all", .missing, file: data) { $0.data = [:] },
  ]

  @Test(arguments: entries + fields + headers + names)
  func `hostile numbers`(row: Row) throws {
    let scratch = try Scratch()
    var bundle = BundleFile.simple
    row.build(&bundle)
    let prefix = try bundle.write(to: scratch)
    let error = try #require(throws: SmithError.self) { try TensorFlowBundle.open(prefix) }
    #expect(error.kind == row.kind)
    #expect(error.place.file == scratch.path.appending(path: row.file))
    #expect(error.place.item == row.item)
    if row.file == "m.index", row.item == "w" { #expect(error.place.offset != nil) }
  }

  /// A small index with everything in it: names, a partitioned variable, an empty tensor.
  static var rich: BundleFile {
    var file = TensorFlowPartitionTests.bundle([2, 3], [[(0, 1), nil], [(1, 1), nil]])
    file.add("empty", file.entry(shape: [0], bytes: 24..<24))
    return file
  }

  @Test func `every truncation of the index is an error`() throws {
    let scratch = try Scratch()
    let whole = Self.rich.index
    let prefix = try Self.rich.write(to: scratch)
    #expect(try TensorFlowBundle.open(prefix).tensors.count == 2)
    for count in 0..<whole.count {
      try scratch.write(Array(whole[..<count]), as: "m.index")
      let error = try #require(throws: SmithError.self) { try TensorFlowBundle.open(prefix) }
      #expect(error.kind == (count < Footer.byteCount ? .truncated : .malformed), "\(count)")
      #expect(error.place.file == prefix + ".index")
    }
  }

  @Test(arguments: [0x01, 0x80, 0xFF] as [UInt8])
  func `every changed byte of the index is an error`(bits: UInt8) throws {
    let scratch = try Scratch()
    var bytes = Self.rich.index
    let prefix = try Self.rich.write(to: scratch)
    for index in bytes.indices {
      bytes[index] ^= bits
      try scratch.write(bytes, as: "m.index")
      let error = #expect(throws: SmithError.self, "byte \(index)") {
        try TensorFlowBundle.open(prefix)
      }
      #expect(error?.place.file == prefix + ".index")
      bytes[index] ^= bits
    }
  }

  @Test func `every changed byte of a real index is an error`() throws {
    let scratch = try Scratch()
    let name = "formats/tf_v2_snappy/model.ckpt"
    var bytes = try Fixtures.bytes(name + ".index")
    try scratch.write(try Fixtures.bytes(name + ".data-00000-of-00001"), as: Self.data)
    let prefix = scratch.path.appending(path: "m")
    for index in bytes.indices {
      bytes[index] ^= 0x10
      try scratch.write(bytes, as: "m.index")
      #expect(throws: SmithError.self, "byte \(index)") { try TensorFlowBundle.open(prefix) }
      bytes[index] ^= 0x10
    }
  }

  @Test func `every truncation of the data is an error, found without reading it`() throws {
    let scratch = try Scratch()
    let prefix = try Self.rich.write(to: scratch)
    let whole = try #require(Self.rich.data[BundleFile.onlyShard])
    for count in 0..<whole.count {
      try scratch.write(Array(whole[..<count]), as: Self.data)
      let error = try #require(throws: SmithError.self) { try TensorFlowBundle.open(prefix) }
      #expect(error.kind == .truncated)
      #expect(error.place.file == scratch.path.appending(path: Self.data))
      #expect(error.place.item == (count < 24 ? "v" : "empty"))
    }
  }

  @Test func `every changed byte of the data is found`() throws {
    let scratch = try Scratch()
    let prefix = try BundleFile.simple.write(to: scratch)
    var data = try #require(BundleFile.simple.data[BundleFile.onlyShard])
    for index in data.indices {
      data[index] ^= 0x40
      try scratch.write(data, as: Self.data)
      let source = try TensorFlowBundle.open(prefix)
      let tensor = try source.tensor("w")
      for check in [{ _ = try source.bytes(tensor) }, { try source.verifyChecksum(tensor) }] {
        let error = try #require(throws: SmithError.self) { try check() }
        #expect(error.kind == .checksum)
        #expect(
          error.place == Place(file: scratch.path.appending(path: Self.data), offset: 0, item: "w"))
      }
      data[index] ^= 0x40
    }
  }

  @Test func `an empty tensor has a checksum too`() throws {
    let scratch = try Scratch()
    var bundle = BundleFile.simple
    bundle.add("x", bundle.entry(shape: [0], bytes: 16..<16))
    var wrong = bundle.entry(shape: [0], bytes: 16..<16)
    wrong.maskedCRC = 7
    bundle.add("y", wrong)
    let source = try TensorFlowBundle.open(try bundle.write(to: scratch))
    #expect(try source.bytes(try source.tensor("x")) == [])
    #expect(throws: SmithError.self) { try source.bytes(try source.tensor("y")) }
  }
}
