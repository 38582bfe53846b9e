import SmithBytes
import TestSupport
import Testing

/// Archives by Python's zipfile, torch and numpy.
@Suite struct ZipReadingTests {
  static let members: [(name: String, method: ZipEntry.Method, seed: Int, count: Int)] = [
    ("first.bin", .stored, 1, 400), ("folder/second.bin", .deflate, 2, 700),
    ("empty.stored", .stored, 3, 0), ("empty.deflated", .deflate, 4, 0),
    ("\u{FC}ber/\u{6A21}.bin", .deflate, 5, 300), ("last", .stored, 6, 1),
    ("folder/", .stored, 7, 0),
  ]

  static let files = ["seekable", "long", "streamed", "streamed_long"]

  private func archive(_ name: String) throws -> ZipArchive {
    try ZipArchive(InputFile(Fixtures.path("zip/\(name).zip")))
  }

  @Test(arguments: files)
  func `every form of zipfile gives its members in order`(_ name: String) throws {
    let archive = try archive(name)
    #expect(archive.entries.map(\.name) == Self.members.map(\.name))
    for (entry, truth) in zip(archive.entries, Self.members) {
      #expect(entry.method == truth.method)
      #expect(entry.size == truth.count)
      #expect(archive[truth.name] == entry)
      #expect(
        try archive.contents(of: entry, limit: 700)
          == zipContent(seed: truth.seed, count: truth.count))
      try archive.member(entry).verifyChecksum()
    }
    #expect(archive["no such member"] == nil)
  }

  @Test(arguments: files)
  func `ranges in any order are those of the content`(_ name: String) throws {
    let archive = try archive(name)
    for truth in [Self.members[0], Self.members[1]] {
      let content = zipContent(seed: truth.seed, count: truth.count)
      let member = try archive.member(try #require(archive[truth.name]))
      let last = truth.count
      let ranges = [
        0..<10, 10..<300, 380..<381, 20..<30, 0..<last, (last - 1)..<last, last..<last, 0..<0,
      ]
      for range in ranges { #expect(try member.bytes(range) == Array(content[range])) }
    }
  }

  @Test func `a range outside the content is the caller's mistake`() throws {
    let archive = try archive("seekable")
    for name in ["first.bin", "folder/second.bin"] {
      let member = try archive.member(try #require(archive[name]))
      let range = (member.entry.size - 1)..<(member.entry.size + 1)
      let error = #expect(throws: SmithError.self) { try member.bytes(range) }
      #expect(error?.kind == .usage)
      #expect(error?.place.item == name)
    }
  }

  @Test func `many threads read one deflated member`() throws {
    let archive = try archive("windows")
    let content = zipContent(seed: 8, count: 300_000)
    let member = try archive.member(try #require(archive["windows.bin"]))
    // More than one window of deflated data.
    #expect(member.entry.compressedSize > 130_000)
    try member.verifyChecksum()
    try Workers(4).forEach(40) { index throws(SmithError) in
      let start = index * 37919 % 290_000
      let bytes = try member.bytes(start..<(start + 9000))
      #expect(bytes == Array(content[start..<(start + 9000)]))
    }
  }

  @Test func `the limit is kept before anything is allocated`() throws {
    let archive = try archive("seekable")
    let entry = try #require(archive["folder/second.bin"])
    let error = #expect(throws: SmithError.self) {
      try archive.contents(of: entry, limit: 699)
    }
    #expect(error?.kind == .limit)
  }

  @Test func `torch's archive has its data at multiples of 64`() throws {
    let archive = try ZipArchive(InputFile(Fixtures.path("formats/torch_zip.pt")))
    #expect(archive.entries.count == 30)
    for entry in archive.entries {
      #expect(try archive.dataRange(of: entry).lowerBound % 64 == 0)
      try archive.member(entry).verifyChecksum()
    }
    #expect(
      archive["torch_zip/byteorder"].map { try? archive.contents(of: $0, limit: 6) }
        == Array("little".utf8))
  }

  @Test(arguments: ["npy/stored.npz", "npy/deflated.npz", "keras3.keras", "flax.npz"])
  func `other producers' archives read with their checksums`(_ name: String) throws {
    let archive = try ZipArchive(InputFile(Fixtures.path("formats/\(name)")))
    #expect(!archive.entries.isEmpty)
    for entry in archive.entries { try archive.member(entry).verifyChecksum() }
  }
}
