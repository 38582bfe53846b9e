import Foundation
import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

@Suite struct GGUFAttackTests {
  @Test func `the C reader's verdict on hostile headers is ours, and its aborts are refusals`()
    throws
  {
    let cases = try #require(
      try JSON.parse(try Fixtures.bytes("formats/hostile_gguf.json")).objectValue)
    #expect(cases.count == 35)
    let scratch = try Scratch()
    for (name, row) in cases {
      let path = try scratch.write(
        [UInt8](hex: try #require(row["hex"]?.stringValue)), as: "hostile.gguf")
      if row["libggml"] == "accept" {
        let source = try GGUF.open(path)
        for tensor in source.tensors { _ = try source.bytes(tensor) }
      } else {
        let error = failure { () throws(SmithError) in try GGUF.open(path) }
        #expect(error?.place.file == path, "\(name)")
        #expect(error?.place.offset != nil || error?.place.item != nil, "\(name)")
        #expect(error?.exitCode == 65, "\(name)")
      }
    }
  }

  struct Attack: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let kind: SmithError.Kind
    let offset: Int?
    let item: String?

    /// `offset` is that of the first entry or tensor, 24, where nothing else is said.
    init(
      _ name: String, _ kind: SmithError.Kind, at offset: Int? = 24, item: String? = nil,
      _ change: (inout GGUFFile) -> Void
    ) {
      var file = GGUFFile()
      change(&file)
      self.init(name, kind, at: offset, item: item, bytes: file.bytes)
    }

    init(
      _ name: String, _ kind: SmithError.Kind, at offset: Int?, item: String? = nil, bytes: [UInt8]
    ) {
      testDescription = name
      self.bytes = bytes
      self.kind = kind
      self.offset = offset
      self.item = item
    }
  }

  private static let half = [UInt8](repeating: 0, count: 64)

  static let attacks: [Attack] = [
    Attack("no bytes", .truncated, at: 0, bytes: []),
    Attack("another magic", .unsupported, at: 0, bytes: Array("GGJT".utf8) + half),
    Attack(
      "a Git LFS pointer", .unsupported, at: nil,
      bytes: Array("version https://git-lfs.github.com/spec/v1\n".utf8)),
    Attack("version 0", .unsupported, at: 4) { $0.version = 0 },
    Attack("version 1", .unsupported, at: 4) { $0.version = 1 },
    Attack("version 4 in big endian", .unsupported, at: 4) { $0.version = 4 << 24 },
    Attack("2^63 tensors", .limit, at: 8) { $0.tensorCount = 1 << 63 },
    Attack("a million tensors in nothing", .truncated, at: 8) { $0.tensorCount = 1_000_000 },
    Attack("2^40 entries", .limit, at: 16) { $0.entryCount = 1 << 40 },
    Attack("60,000 entries in nothing", .truncated, at: 16) { $0.entryCount = 60_000 },
    Attack("a key of 2^62 bytes", .truncated, at: 32) {
      $0.entries = [little(UInt64(1) << 62) + half]
    },
    Attack("a key of 2^64 - 1 bytes", .limit, at: nil) { $0.entries = [little(UInt64.max) + half] },
    Attack("a long key", .limit) {
      $0.entries = [GGUFFile.entry(String(repeating: "k", count: 65_536), 0, [1])]
    },
    Attack("a key that is no UTF-8", .malformed) {
      $0.entries = [little(UInt64(2)) + [0xC3, 0x28] + little(UInt32(0)) + [1]]
    },
    Attack("an unknown value type", .unsupported, at: 33, item: "k") {
      $0.entries = [GGUFFile.entry("k", 13, half)]
    },
    Attack("an array of an unknown type", .unsupported, at: 37, item: "k") {
      $0.entries = [GGUFFile.entry("k", 9, little(UInt32(99)) + half)]
    },
    Attack("arrays in an array", .unsupported, at: 37, item: "k") {
      $0.entries = [GGUFFile.entry("k", 9, little(UInt32(9)) + half)]
    },
    Attack("2^61 u64 in an array", .limit, item: "k") {
      $0.entries = [GGUFFile.entry("k", 9, little(UInt32(10)) + little(UInt64(1) << 61))]
    },
    Attack("2^32 strings in an array", .truncated, at: 49, item: "k") {
      $0.entries = [GGUFFile.entry("k", 9, little(UInt32(8)) + little(UInt64(1) << 32) + half)]
    },
    Attack("a string in an array beyond the file", .truncated, at: 57, item: "k") {
      $0.entries = [
        GGUFFile.entry("k", 9, little(UInt32(8)) + little(UInt64(1)) + little(UInt64(1) << 40))
      ]
    },
    Attack("an alignment of 0", .malformed, at: nil, item: "general.alignment") {
      $0.entries = [GGUFFile.entry("general.alignment", 4, little(UInt32(0)))]
    },
    Attack("an alignment as text", .malformed, at: nil, item: "general.alignment") {
      $0.entries = [GGUFFile.entry("general.alignment", 8, GGUFFile.string("32"))]
    },
    Attack("an alignment of 2^31", .truncated, at: 57, item: "a") {
      $0.entries = [GGUFFile.entry("general.alignment", 4, little(UInt32(1) << 31))]
      $0.tensors = [GGUFFile.tensor("a", [4])]
    },
    Attack("a key twice, the same to Unicode", .mismatch, at: 39, item: "e\u{301}") {
      $0.entries = ["\u{E9}", "e\u{301}"].map { GGUFFile.entry($0, 0, [1]) }
    },
    Attack("a split into 2^31 parts", .malformed, at: nil, item: "split.count") {
      $0.entries = [GGUFFile.entry("split.count", 4, little(UInt32(1) << 31))]
    },
    Attack("part 3 of 2", .malformed, at: nil, item: "split.no") {
      $0.entries = [
        GGUFFile.entry("split.count", 2, little(UInt16(2))),
        GGUFFile.entry("split.no", 2, little(UInt16(2))),
      ]
    },
    Attack("a name with a NUL", .malformed) { $0.tensors = [GGUFFile.tensor("a\0b", [4])] },
    Attack("a name of 64 bytes", .limit) {
      $0.tensors = [GGUFFile.tensor(String(repeating: "n", count: 64), [4])]
    },
    Attack("2^32 - 1 dimensions", .limit, item: "a") {
      $0.tensors = [GGUFFile.tensor("a", [4], rank: .max)]
    },
    Attack("a dimension of 2^63", .limit, item: "a") {
      $0.tensors = [GGUFFile.tensor("a", [1 << 63])]
    },
    Attack("a product beyond 63 bits", .limit, item: "a") {
      $0.tensors = [GGUFFile.tensor("a", [1 << 32, 1 << 32])]
    },
    Attack("huge beside zero", .limit, item: "a") {
      $0.tensors = [GGUFFile.tensor("a", [1 << 32, 0, 1 << 32])]
    },
    Attack("bytes beyond 63 bits", .limit, item: "a") {
      $0.tensors = [GGUFFile.tensor("a", [1 << 61, 2])]
    },
    Attack("padding beyond 63 bits", .limit, item: "a") {
      $0.tensors = [GGUFFile.tensor("a", [UInt64(Int.max)], type: 24)]
    },
    Attack("sizes that add up beyond 63 bits", .truncated, item: "a") {
      $0.tensors = [
        GGUFFile.tensor("a", [1 << 62], type: 24),
        GGUFFile.tensor("b", [1 << 62], type: 24, at: 1 << 62),
      ]
    },
    Attack("no whole block", .malformed, item: "a") {
      $0.tensors = [GGUFFile.tensor("a", [16, 2], type: 2)]
    },
    Attack("a block type without dimensions", .malformed, item: "a") {
      $0.tensors = [GGUFFile.tensor("a", [], type: 8)]
    },
    Attack("an overlap", .malformed, at: 57, item: "b") {
      $0.tensors = [GGUFFile.tensor("a", [4]), GGUFFile.tensor("b", [4], at: 16)]
      $0.data = half
    },
    Attack("an offset of 2^64 - 1", .malformed, item: "a") {
      $0.tensors = [GGUFFile.tensor("a", [4], at: .max)]
    },
    Attack("data cut short", .truncated, item: "a") {
      $0.tensors = [GGUFFile.tensor("a", [16])]
      $0.data = Array(half.dropLast())
    },
    Attack("padding cut short", .truncated, item: "a") {
      $0.tensors = [GGUFFile.tensor("a", [4])]
      $0.data = Array(half.prefix(31))
    },
  ]

  @Test(arguments: attacks) func `an attack is refused at its place`(_ attack: Attack) throws {
    let scratch = try Scratch()
    let path = try scratch.write(attack.bytes, as: "attack.gguf")
    let error = failure { () throws(SmithError) in try Formats.open(path) }
    #expect(error?.kind == attack.kind)
    #expect(error?.place.offset == attack.offset)
    #expect(error?.place.item == attack.item)
    #expect(error?.place.file == path)
  }

  @Test(arguments: GGMLRemoved.all) func `removed types are refused by name`(
    _ type: GGMLRemoved
  ) throws {
    var file = GGUFFile.plain
    file.tensors = [GGUFFile.tensor("a", [4], type: type.id)]
    let scratch = try Scratch()
    let path = try scratch.write(file.bytes, as: "removed.gguf")
    let error = failure { () throws(SmithError) in try GGUF.open(path) }
    #expect(error?.kind == .unsupported && error?.place.item == "a")
    #expect(error?.detail.contains(type.name) == true)
  }

  @Test(arguments: [
    "formats/gguf_small_le.gguf", "formats/gguf_small_be.gguf", "gguf/blocks_be.gguf",
  ])
  func `a file cut anywhere is refused`(name: String) throws {
    let bytes = try Fixtures.bytes(name)
    let scratch = try Scratch()
    for end in bytes.indices where end < 700 || end % 13 == 0 {
      let path = try scratch.write(Array(bytes[..<end]), as: "cut.gguf")
      let error = failure { () throws(SmithError) in try GGUF.open(path) }
      #expect(error?.exitCode == 65, "cut at \(end)")
    }
  }

  @Test(arguments: ["formats/gguf_alltypes.gguf", "gguf/blocks_be.gguf"])
  func `a changed header byte is refused or leaves tensors inside the file`(name: String) throws {
    let bytes = try Fixtures.bytes(name)
    let scratch = try Scratch()
    var (survivors, refused) = (0, 0)
    let header = name.contains("alltypes") ? 2112 : 640
    for index in 0..<header {
      for mask: UInt8 in [0x01, 0x04, 0x80] {
        var changed = bytes
        changed[index] ^= mask
        let path = try scratch.write(changed, as: "changed.gguf")
        do throws(SmithError) {
          let source = try GGUF.open(path)
          survivors += 1
          for tensor in source.tensors {
            do throws(SmithError) { _ = try source.bytes(tensor) } catch {
              // A type with words of unknown width in a big-endian file.
              #expect(error.kind == .unsupported)
            }
          }
        } catch {
          refused += 1
          #expect(error.exitCode == 65 && error.place.file == path)
        }
      }
    }
    #expect(survivors > 100 && refused > 100)
  }

  /// 80 MB of lengths: a header within the limits, read in bounded time.
  @Test func `millions of empty strings are passed over`() throws {
    let count = 1_000_000
    var file = GGUFFile.plain
    let strings = [UInt8](repeating: 0, count: 8 * count)
    file.entries = [GGUFFile.entry("k", 9, little(UInt32(8)) + little(UInt64(count)) + strings)]
    let scratch = try Scratch()
    let source = try GGUF.open(scratch.write(file.bytes, as: "empty.gguf"))
    #expect(source.metadata["k"] == "[\(count) strings]")
  }

  /// A hole on disk: 100 million empty strings that cost the sender nothing.
  @Test func `a header beyond the limit is refused before it is read`() throws {
    let scratch = try Scratch()
    let count = 100_000_000
    var file = GGUFFile()
    file.entries = [GGUFFile.entry("k", 9, little(UInt32(8)) + little(UInt64(count)))]
    let path = try scratch.write(file.bytes, as: "hole.gguf")
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: UInt64(1 << 30))
    try handle.close()
    let error = failure { () throws(SmithError) in try GGUF.open(path) }
    #expect(error?.kind == .limit && error?.place.item == "k")
  }

  @Test func `a file that shrinks after opening is an error`() throws {
    let scratch = try Scratch()
    let path = try scratch.write(GGUFFile.plain.bytes, as: "shrinks.gguf")
    let source = try GGUF.open(path)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: 100)
    try handle.close()
    let error = failure { () throws(SmithError) in try source.bytes(source.tensors[0]) }
    #expect(error?.kind == .truncated && error?.place.item == "a")
  }
}

/// The numbers that ggml took back, from its own table of names.
struct GGMLRemoved: Sendable {
  let id: UInt32
  let name: String

  static let all = [
    (4, "q4_2"), (5, "q4_3"), (31, "q4_0_4_4"), (32, "q4_0_4_8"), (33, "q4_0_8_8"),
    (36, "iq4_nl_4_4"), (37, "iq4_nl_4_8"), (38, "iq4_nl_8_8"),
  ].map { GGMLRemoved(id: $0.0, name: $0.1) }
}
