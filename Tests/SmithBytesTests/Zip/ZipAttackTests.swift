import Foundation
import SmithBytes
import TestSupport
import Testing

@Suite struct ZipAttackTests {
  typealias Member = RawZip.Member

  struct Attack: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let kind: SmithError.Kind
    let item: String?

    init(_ name: String, _ zip: RawZip, _ kind: SmithError.Kind, _ item: String? = nil) {
      testDescription = name
      bytes = zip.bytes
      self.kind = kind
      self.item = item
    }
  }

  /// Two honest members, then `change`.
  private static func zip(_ change: (inout RawZip) -> Void) -> RawZip {
    var zip = RawZip(Member("a", [1, 2, 3]), Member("b", [4, 5]))
    change(&zip)
    return zip
  }

  /// A member "a" whose local header differs.
  private static func local(_ change: @escaping @Sendable (inout Member) -> Void) -> RawZip {
    zip { $0.members[0].local = change }
  }

  private static func named(_ name: String) -> RawZip {
    zip { $0.members[1].name = Array(name.utf8) }
  }

  /// "weightsmith weightsmith", deflated by zlib.
  static let deflated: [UInt8] = [
    43, 79, 205, 76, 207, 40, 41, 206, 205, 44, 201, 80, 40, 71, 176, 1,
  ]

  private static func deflate(_ change: (inout Member) -> Void) -> RawZip {
    var member = Member("d", deflated)
    member.method = 8
    member.size = 23
    member.crc = CRC32.of(Array("weightsmith weightsmith".utf8))
    change(&member)
    return RawZip(member)
  }

  static let attacks: [Attack] = [
    Attack("several disks", zip { $0.disk = 1 }, .unsupported),
    Attack("a member on another disk", zip { $0.members[0].disk = 1 }, .unsupported, "a"),
    Attack("encrypted", zip { $0.members[1].flags = 1 }, .unsupported, "b"),
    Attack("strongly encrypted", zip { $0.members[1].flags = 64 }, .unsupported, "b"),
    Attack("masked header", zip { $0.members[1].flags = 1 << 13 }, .unsupported, "b"),
    Attack("bzip2", zip { $0.members[1].method = 12 }, .unsupported, "b"),
    Attack("more members than the directory holds", zip { $0.count = 3 }, .malformed),
    Attack("fewer members than the directory holds", zip { $0.count = 1 }, .malformed),
    Attack("65535 members", zip { $0.count = 0xFFFF }, .malformed),
    Attack("a directory beyond the file", zip { $0.directorySize = 0xFFFF_FFF0 }, .malformed),
    Attack("a directory of 0 bytes", zip { $0.directorySize = 0 }, .malformed),
    Attack("a directory elsewhere", zip { $0.directoryOffset = 0 }, .malformed),
    Attack("bytes before the end record", zip { $0.beforeEnd = [0] }, .malformed),
    Attack("bytes in the directory", zip { $0.directoryTail = [0] }, .malformed),
    Attack("bytes after the comment", zip { $0.tail = [0] }, .malformed),
    Attack("a comment beyond the file", zip { $0.commentCount = 1 }, .malformed),
    Attack(
      "an archive in the comment", zip { $0.comment = RawZip(Member("x", [])).bytes + [0] },
      .malformed),
    Attack("a name twice", zip { $0.members[1].name = [0x61] }, .mismatch, "a"),
    Attack("an empty name", named(""), .malformed),
    Attack("an absolute name", named("/b"), .malformed, "/b"),
    Attack("a name that climbs", named("x/../b"), .malformed, "x/../b"),
    Attack("only dots", named(".."), .malformed, ".."),
    Attack("backslash", named("x\\b"), .malformed, "x\\b"),
    Attack("NUL", named("b\0"), .malformed, "b\0"),
    Attack("not UTF-8", zip { $0.members[1].name = [0xFF] }, .malformed),
    Attack("a long name", named(String(repeating: "n", count: 5000)), .limit),
    Attack("a folder with content", named("b/"), .malformed, "b/"),
    Attack("members that overlap", zip { $0.members[1].offset = 10 }, .malformed, "a"),
    Attack("two names for one member", zip { $0.members[1].offset = 0 }, .malformed),
    Attack("a header in the directory", zip { $0.members[1].offset = 100 }, .malformed, "b"),
    Attack(
      "data over the directory",
      zip {
        $0.members[1].size = 40
        $0.members[1].compressed = 40
      }, .malformed, "b"),
    Attack("a stored member of two sizes", zip { $0.members[0].size = 2 }, .mismatch, "a"),
    Attack(
      "an extra field beyond its header", zip { $0.members[0].extra = [9, 9, 5, 0, 1] }, .malformed,
      "a"),
    Attack(
      "two zip64 fields", zip { $0.members[0].extra = [1, 0, 0, 0, 1, 0, 0, 0] }, .mismatch, "a"),
    Attack(
      "an empty zip64 field",
      zip {
        $0.members[0].extra = [1, 0, 0, 0]
        $0.members[0].size = .max
      }, .truncated, "a"),
    Attack(
      "a zip64 size of 2^63",
      zip {
        $0.members[0].extra = [1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0x80]
        $0.members[0].size = .max
      }, .limit, "a"),
    Attack(
      "zip64 sizes that overflow",
      zip {
        let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
        $0.members[0].extra = [1, 0, 16, 0] + huge + huge
        $0.members[0].size = .max
        $0.members[0].compressed = .max
      }, .limit, "a"),
    Attack("another local name", local { $0.name = [0x7A] }, .mismatch, "a"),
    Attack("another local method", local { $0.method = 8 }, .mismatch, "a"),
    Attack("another local CRC", local { $0.crc ^= 1 }, .mismatch, "a"),
    Attack("local size", local { $0.size = 2 }, .mismatch, "a"),
    Attack("local compressed size", local { $0.compressed = 0 }, .mismatch, "a"),
    Attack(
      "zeros without a descriptor", local { ($0.size, $0.compressed) = (0, 0) }, .mismatch, "a"),
    Attack("local encryption", local { $0.flags = 1 }, .mismatch, "a"),
    Attack("a descriptor only here", local { $0.flags = 8 }, .mismatch, "a"),
    Attack(
      "local extra into the next member",
      zip {
        $0.members[0].local = {
          $0.extra = []; $0.name = Array("a".utf8)
        }
        $0.members[0].data = []
      }, .malformed, "a"),
    Attack("content of another CRC", zip { $0.members[0].crc ^= 1 }, .checksum, "a"),
    Attack("deflated content of another CRC", deflate { $0.crc ^= 1 }, .checksum, "d"),
    Attack("inflates to more", deflate { $0.size = 22 }, .malformed, "d"),
    Attack("inflates to less", deflate { $0.size = 24 }, .malformed, "d"),
    Attack("inflates to nothing", deflate { $0.size = 0 }, .malformed, "d"),
    Attack("a ratio that deflate cannot reach", deflate { $0.size = 17_601 }, .limit, "d"),
    Attack("a ratio that it can, and does not", deflate { $0.size = 17_600 }, .malformed, "d"),
    Attack(
      "cut deflated data",
      deflate {
        $0.data.removeLast()
        $0.compressed -= 1
      }, .malformed, "d"),
    Attack(
      "bytes behind deflated data",
      deflate {
        $0.data.append(0)
        $0.compressed += 1
      }, .malformed, "d"),
    Attack("not deflated", deflate { $0.data[0] = 0xFF }, .malformed, "d"),
  ]

  @Test(arguments: attacks)
  func `an attack is an error with its place`(_ attack: Attack) throws {
    let scratch = try Scratch()
    let error = #expect(throws: SmithError.self) { try zipContents(attack.bytes, in: scratch) }
    #expect(error?.kind == attack.kind, "\(String(describing: error))")
    #expect(error?.place.file == "\(scratch.path)/case.zip")
    if let item = attack.item { #expect(error?.place.item == item) }
  }

  @Test func `what is not attacked reads`() throws {
    let scratch = try Scratch()
    #expect(
      try zipContents(Self.zip { _ in }.bytes, in: scratch) == ["a": [1, 2, 3], "b": [4, 5]])
    #expect(
      try zipContents(Self.deflate { _ in }.bytes, in: scratch)
        == ["d": Array("weightsmith weightsmith".utf8)])
    #expect(try zipContents(RawZip().bytes, in: scratch) == [:])
    // Bytes that no member has, between the last and the directory.
    #expect(try zipContents(Self.zip { $0.gap = [0] }.bytes, in: scratch).count == 2)
  }

  /// zipfile's own files: cut, no archive can be complete; changed, it is refused or gives the same contents.
  @Test(arguments: ZipReadingTests.files)
  func `cut at every byte`(_ name: String) throws {
    let scratch = try Scratch()
    let whole = try Fixtures.bytes("zip/\(name).zip")
    for count in whole.indices {
      let error = #expect(throws: SmithError.self) {
        try zipContents(Array(whole.prefix(count)), in: scratch)
      }
      #expect(error?.exitCode == 65, "\(count) bytes")
    }
  }

  @Test(arguments: ZipReadingTests.files)
  func `every byte flipped`(_ name: String) throws {
    let scratch = try Scratch()
    let whole = try Fixtures.bytes("zip/\(name).zip")
    let truth = try zipContents(whole, in: scratch)
    for position in whole.indices {
      var bytes = whole
      bytes[position] ^= [0x01, 0x80, 0xFF][position % 3]
      do throws(SmithError) {
        let contents = try zipContents(bytes, in: scratch)
        #expect(contents == truth, "byte \(position)")
      } catch { #expect(error.exitCode == 65 && error.place.file != nil, "byte \(position)") }
    }
  }
}
