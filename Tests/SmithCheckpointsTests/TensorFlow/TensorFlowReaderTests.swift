import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

/// Forms that the samples do not show: big endian, text, odd types, odd numbers of data files.
@Suite struct TensorFlowReaderTests {
  /// TensorFlow's type, and the bytes in the file and as they are lent.
  @Test(
    arguments: [
      (1, [0x3F, 0x80, 0, 1, 0x40, 0, 0, 2], [1, 0, 0x80, 0x3F, 2, 0, 0, 0x40]),
      (2, [1, 2, 3, 4, 5, 6, 7, 8], [8, 7, 6, 5, 4, 3, 2, 1]),
      (19, [1, 2, 3, 4], [2, 1, 4, 3]), (14, [1, 2], [2, 1]), (4, [1, 2, 3], [1, 2, 3]),
      (8, [1, 2, 3, 4, 5, 6, 7, 8], [4, 3, 2, 1, 8, 7, 6, 5]),
      (18, Array(1...16), [8, 7, 6, 5, 4, 3, 2, 1, 16, 15, 14, 13, 12, 11, 10, 9]),
      (25, [1, 2], [1, 2]),
    ] as [(Int32, [UInt8], [UInt8])])
  func `big endian becomes little, in any range`(type: Int32, stored: [UInt8], lent: [UInt8]) throws
  {
    let scratch = try Scratch()
    var bundle = BundleFile()
    var header = BundleHeader(shards: 1)
    header.isBigEndian = true
    bundle.header = header.encoded
    bundle.data[BundleFile.onlyShard] = stored
    let width = TensorType.dtype(type).width
    bundle.add("w", bundle.entry(type, shape: [stored.count / width], bytes: 0..<stored.count))
    let source = try TensorFlowBundle.open(try bundle.write(to: scratch))
    let tensor = try source.tensor("w")
    #expect(try source.bytes(tensor) == lent)
    for start in 0...lent.count {
      for end in start...lent.count {
        #expect(try source.bytes(tensor, start..<end) == Array(lent[start..<end]))
      }
    }
    try source.verifyChecksum(tensor)
  }

  @Test(
    arguments: [
      (11, .i8, 1), (12, .u8, 1), (13, .i32, 4), (15, .i16, 2), (16, .u16, 2), (26, .f8e4m3fnuz, 1),
      (28, .f8e5m2fnuz, 1), (22, .u32, 4), (23, .u64, 8), (20, .opaque, 9), (21, .opaque, 9),
      (29, .opaque, 9), (99, .opaque, 9), (101, .opaque, 9),
    ] as [(Int32, DType, Int)])
  func `types beyond the samples`(type: Int32, dtype: DType, bytes: Int) throws {
    let scratch = try Scratch()
    var bundle = BundleFile.simple
    bundle.rows = []
    bundle.add("w", bundle.entry(type, shape: [1], bytes: 0..<bytes))
    let source = try TensorFlowBundle.open(try bundle.write(to: scratch))
    let tensor = try source.tensor("w")
    #expect(tensor.encoding == .plain(dtype))
    #expect(tensor.byteCount == bytes)
    if dtype != .opaque {
      #expect(try source.bytes(tensor).count == bytes)
      return
    }
    let error = try #require(throws: SmithError.self) { try source.bytes(tensor) }
    #expect(error.kind == .unsupported)
    try source.verifyChecksum(tensor)
  }

  /// A string tensor as TensorFlow stores one, and its checksum.
  static func text(_ strings: [[UInt8]]) -> (bytes: [UInt8], crc: UInt32) {
    var bytes: [UInt8] = []
    var lengths: [UInt8] = []
    for string in strings {
      bytes.append(varint: UInt64(string.count))
      lengths.append(littleEndian: UInt32(string.count))
    }
    var sum: [UInt8] = []
    sum.append(littleEndian: CRC32C.mask(CRC32C.of(lengths)))
    let body = strings.flatMap { $0 }
    return (bytes + sum + body, CRC32C.of(lengths + sum + body))
  }

  static let strings: [[UInt8]] = [Array("alpha".utf8), [], [UInt8](repeating: 0xFF, count: 300)]

  struct TextRow: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var kind: SmithError.Kind?
    var change: @Sendable (inout [UInt8]) -> Void

    init(
      _ what: String, _ kind: SmithError.Kind?,
      _ change: @escaping @Sendable (inout [UInt8]) -> Void
    ) {
      (testDescription, self.kind, self.change) = (what, kind, change)
    }
  }

  static let texts = [
    TextRow("as it should be", nil) { _ in },
    TextRow("a changed length", .checksum) { $0[0] = 6 },
    TextRow("a length of 10 bytes", .malformed) { bytes in
      for index in 0..<10 { bytes[index] = 0xFF }
    },
    TextRow("a changed checksum of the lengths", .checksum) { $0[5] ^= 1 },
    TextRow("a changed letter", .checksum) { $0[8] ^= 1 },
    TextRow("a letter too many", .malformed) { $0.append(0) },
    TextRow("a letter too few", .malformed) { $0.removeLast() },
    TextRow("only lengths", .malformed) { $0 = [UInt8](repeating: 0x80, count: 7) },
  ]

  @Test(arguments: texts)
  func `text is checked`(row: TextRow) throws {
    let scratch = try Scratch()
    var (bytes, crc) = Self.text(Self.strings)
    row.change(&bytes)
    var bundle = BundleFile()
    bundle.data[BundleFile.onlyShard] = bytes
    var entry = bundle.entry(7, shape: [3], bytes: 0..<bytes.count)
    entry.maskedCRC = CRC32C.mask(crc)
    bundle.add("w", entry)
    let source = try TensorFlowBundle.open(try bundle.write(to: scratch))
    let tensor = try source.tensor("w")
    guard let kind = row.kind else { return try source.verifyChecksum(tensor) }
    let error = try #require(throws: SmithError.self) { try source.verifyChecksum(tensor) }
    #expect(error.kind == kind)
    #expect(error.place.item == "w")
  }

  /// However the pieces fall: a length, the checksum or a string may be cut anywhere.
  @Test(arguments: [1, 2, 3, 5, 7, 1000])
  func `text in pieces`(size: Int) throws {
    let (bytes, crc) = Self.text(Self.strings)
    var text = StringTensor(elements: 3)
    for start in stride(from: 0, to: bytes.count, by: size) {
      try text.feed(Array(bytes[start..<min(bytes.count, start + size)]))
    }
    #expect(try text.finish() == crc)
  }

  /// A merge drops empty data files but keeps their number in the header (formats §2.5).
  @Test(arguments: [(5, "-of-00002"), (5, "-of-00005"), (2, "-of-00002")])
  func `the number of data files on disk`(header: Int, suffix: String) throws {
    let scratch = try Scratch()
    var bundle = BundleFile.simple
    bundle.header = BundleHeader(shards: header).encoded
    let bytes = bundle.data[BundleFile.onlyShard] ?? []
    bundle.data = [".data-00000" + suffix: bytes, ".data-00001" + suffix: bytes]
    var entry = BundleFile.simple.entry(shape: [4], bytes: 0..<16)
    entry.shard = 1
    bundle.add("x", entry)
    let source = try TensorFlowBundle.open(try bundle.write(to: scratch))
    #expect(source.files.count == 3)
    #expect(try source.bytes(try source.tensor("x")) == bytes)
  }

  @Test func `two counts on disk and neither the header's`() throws {
    let scratch = try Scratch()
    var bundle = BundleFile.simple
    bundle.header = BundleHeader(shards: 5).encoded
    bundle.data = [".data-00000-of-00002": [], ".data-00000-of-00003": []]
    let prefix = try bundle.write(to: scratch)
    let error = try #require(throws: SmithError.self) { try TensorFlowBundle.open(prefix) }
    #expect(error.kind == .missing)
    #expect(error.place.file == prefix + ".data-00000-of-00005")
  }

  @Test func `nothing there at all`() throws {
    let scratch = try Scratch()
    let error = try #require(throws: SmithError.self) {
      try TensorFlowBundle.open(scratch.path.appending(path: "none"))
    }
    #expect(error.kind == .notFound)
  }
}
