import Foundation
import SmithBytes
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct TensorFlowTableTests {
  /// Keys with long common prefixes; enough of them for several blocks at this value size.
  static func entries(_ count: Int, valueBytes: Int) -> [(key: [UInt8], value: [UInt8])] {
    (0..<count).map { index in
      let digits = String(index)
      let key = "encoder/layer_" + String(repeating: "0", count: 6 - digits.count) + digits
      return (
        Array(key.utf8), [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: valueBytes)
      )
    }
  }

  static func read(_ bytes: [UInt8]) throws -> [Block.Entry] {
    let scratch = try Scratch()
    let path = try scratch.write(bytes, as: "table")
    return try Table(InputFile(path)) { _ in }.entries
  }

  @Test(arguments: [(1, 0), (16, 5), (17, 5), (1000, 40), (900, 1000)])
  func `what is built is read`(count: Int, valueBytes: Int) throws {
    let entries = Self.entries(count, valueBytes: valueBytes)
    var table = TableBuilder()
    for entry in entries { table.add(entry.key, entry.value) }
    let bytes = table.finish()
    let read = try Self.read(bytes)
    #expect(read.map { $0.key } == entries.map { $0.key })
    for (entry, expected) in zip(read, entries) {
      var value = entry.value
      #expect(try value.array(value.remaining) == expected.value)
    }
    // 900 values of 1000 bytes: blocks of 256 KiB mean four of them, and none much larger.
    if count == 900 { #expect(bytes.count > 3 * TableBuilder.blockBytes) }
  }

  @Test(arguments: [
    ("abcdef", "abzzzz", "abd"), ("abc", "abcd", "abc"), ("abc", "abd", "abc"), ("a", "b", "a"),
    ("w", "z", "x"), ("", "a", ""),
  ])
  func `separators are short and between`(low: String, high: String, expected: String) {
    let key = TableBuilder.separator(Array(low.utf8), Array(high.utf8))
    #expect(key == Array(expected.utf8))
  }

  @Test(
    arguments: [
      ([0x77], [0x78]), ([0x61, 0x62], [0x62]), ([0xFF, 0x61], [0xFF, 0x62]), ([0xFF], [0xFF]),
      ([], []),
    ] as [([UInt8], [UInt8])])
  func `successors are short and above`(key: [UInt8], expected: [UInt8]) {
    #expect(TableBuilder.successor(key) == expected)
  }

  /// A file of the given blocks; the index row of each has the given key and, if not nil, a wrong handle.
  static func file(
    _ blocks: [(content: [UInt8], type: UInt8, key: [UInt8], handle: BlockHandle?)],
    index: [UInt8]? = nil
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    func append(_ content: [UInt8], _ type: UInt8) -> BlockHandle {
      let handle = BlockHandle(offset: bytes.count, size: content.count)
      bytes += content + [type]
      bytes.append(littleEndian: CRC32C.mask(CRC32C.of(content + [type])))
      return handle
    }
    var rows = BlockBuilder(restartInterval: 1)
    for block in blocks {
      let handle = append(block.content, block.type)
      rows.add(block.key, (block.handle ?? handle).encoded)
    }
    let metaindex = append(BlockBuilder(restartInterval: 16).finish(), 0)
    let top = append(index ?? rows.finish(), 0)
    return bytes + Footer(metaindex: metaindex, index: top).encoded
  }

  /// A block's content: entries and restart points as given.
  static func block(_ entries: [UInt8], restarts: [UInt32] = [0], count: UInt32? = nil) -> [UInt8] {
    var bytes = entries
    for restart in restarts { bytes.append(littleEndian: restart) }
    bytes.append(littleEndian: count ?? UInt32(restarts.count))
    return bytes
  }

  static let valid: [UInt8] = [0, 1, 1, 0x61, 9, 1, 1, 1, 0x62, 9]
  static let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]

  /// Content of the only block, its checksum right; the expected kind of error and its place in the file.
  @Test(
    arguments: [
      ("shared > previous key", block([0, 1, 1, 0x61, 9, 2, 1, 1, 0x62, 9]), .malformed, 5),
      ("shared at the first entry", block([1, 1, 1, 0x61, 9]), .malformed, 0),
      (
        "shared beyond 63 bits", block([0, 1, 1, 0x61, 9] + huge + [1, 1, 0x62, 9]), .malformed, 5
      ),
      ("an overlong varint", block(huge.dropLast() + [0x80, 1, 1, 1]), .malformed, 0),
      ("a key past the block", block([0, 9, 1, 0x61, 9]), .truncated, 0),
      ("a key of 2^64 bytes", block([0] + huge + [1, 0x61]), .truncated, 0),
      ("a value past the block", block([0, 1, 2, 0x61, 9]), .truncated, 0),
      ("a value of 2^64 bytes", block([0, 1] + huge + [0x61]), .truncated, 0),
      ("half an entry", block([0]), .truncated, 1),
      ("equal keys", block([0, 1, 1, 0x61, 9, 1, 0, 1, 9]), .malformed, 5),
      ("falling keys", block([0, 1, 1, 0x62, 9, 0, 1, 1, 0x61, 9]), .malformed, 5),
      ("no bytes", [], .malformed, 0),
      ("no restart point", block(valid, restarts: []), .malformed, 10),
      ("restarts past the block", block(valid, count: 4), .malformed, 14),
      ("2^32 restarts", block(valid, count: .max), .malformed, 14),
      ("the first restart is not 0", block(valid, restarts: [5]), .malformed, 10),
      ("a restart inside an entry", block(valid, restarts: [0, 3]), .malformed, 5),
      (
        "a restart with a shared key",
        block([0, 1, 1, 0x61, 9, 1, 1, 1, 0x62, 9], restarts: [0, 5]),
        .malformed, 5
      ),
      ("restarts that fall", block(valid, restarts: [0, 0]), .malformed, 14),
      ("a restart past the entries", block(valid, restarts: [0, 99]), .malformed, 10),
      ("no entries", block([]), .malformed, nil),
      ("a key above its own in the index", block([0, 1, 1, 0x7B, 9]), .malformed, 0),
    ] as [(String, [UInt8], SmithError.Kind, Int?)])
  func `hostile blocks`(what: String, content: [UInt8], kind: SmithError.Kind, offset: Int?) throws
  {
    let error = try #require(throws: SmithError.self) {
      try Self.read(Self.file([(content, 0, Array("z".utf8), nil)]))
    }
    #expect(error.kind == kind)
    #expect(error.place.offset == offset)
    #expect(error.place.file != nil)
  }

  @Test(
    arguments: [
      ("outside the file", BlockHandle(offset: 10_000, size: 10), .malformed),
      ("at the footer", BlockHandle(offset: 70, size: 40), .malformed),
      ("as long as can be", BlockHandle(offset: 0, size: .max), .malformed),
      ("as far as can be", BlockHandle(offset: .max, size: 1), .malformed),
      ("half of the block", BlockHandle(offset: 0, size: 9), .checksum),
    ] as [(String, BlockHandle, SmithError.Kind)])
  func `hostile handles`(what: String, handle: BlockHandle, kind: SmithError.Kind) throws {
    let error = try #require(throws: SmithError.self) {
      try Self.read(Self.file([(Self.block(Self.valid), 0, [0x7A], handle)]))
    }
    #expect(error.kind == kind)
  }

  @Test(
    arguments: [
      ("a handle of 64 bits", huge + [1], .limit), ("half a handle", [1], .truncated),
      ("stray bytes behind it", [0, 18, 7], .malformed), ("nothing", [], .truncated),
    ] as [(String, [UInt8], SmithError.Kind)])
  func `hostile rows of the index`(what: String, value: [UInt8], kind: SmithError.Kind) throws {
    var index = BlockBuilder(restartInterval: 1)
    index.add([0x7A], value)
    let error = try #require(throws: SmithError.self) {
      try Self.read(
        Self.file([(Self.block(Self.valid), 0, [0x7A], nil)], index: index.finish()))
    }
    #expect(error.kind == kind)
    #expect(error.place.offset != nil)
  }

  @Test func `a block twice, and blocks out of order`() throws {
    let first = Self.block(Self.valid)
    let twice = Self.file([
      (first, 0, [0x62], nil), (first, 0, [0x7A], BlockHandle(offset: 0, size: first.count)),
    ])
    #expect(try #require(throws: SmithError.self) { try Self.read(twice) }.kind == .malformed)
    let same = Self.file([(first, 0, [0x62], nil), (first, 0, [0x7A], nil)])
    #expect(try #require(throws: SmithError.self) { try Self.read(same) }.kind == .malformed)
  }

  @Test(
    arguments: [
      ("a bomb", [0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 1], 1, .limit),
      (
        "beyond the limit of an index",
        [0x80, 0x80, 0x80, 0x40] + [UInt8](repeating: 0xFE, count: 90), 1, .limit
      ),
      ("broken", [20, 0b01, 0], 1, .malformed), ("zstd", [1, 2, 3], 2, .unsupported),
    ] as [(String, [UInt8], UInt8, SmithError.Kind)])
  func `hostile compression`(
    what: String, content: [UInt8], type: UInt8, kind: SmithError.Kind
  ) throws {
    let error = try #require(throws: SmithError.self) {
      try Self.read(Self.file([(content, type, [0x7A], nil)]))
    }
    #expect(error.kind == kind)
  }

  /// Short suffixes on long shared keys: a megabyte of file that asks for gigabytes of keys.
  @Test func `keys that grow without bytes`() throws {
    var entries: [UInt8] = [0]
    entries.append(varint: 60_000)
    entries += [0] + [UInt8](repeating: 0x61, count: 60_000)
    for index in 0..<4000 {
      // The first shares the whole key, the others all but the two bytes that the one before added.
      entries.append(varint: 60_000)
      entries += [2, 0, UInt8(index >> 8), UInt8(index & 0xFF)]
    }
    let bytes = Self.file([(Self.block(entries), 0, [0x7A], nil)])
    #expect(bytes.count < 200_000)
    #expect(try #require(throws: SmithError.self) { try Self.read(bytes) }.kind == .limit)
  }
}
