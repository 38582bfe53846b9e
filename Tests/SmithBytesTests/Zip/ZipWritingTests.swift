import Foundation
import SmithBytes
import TestSupport
import Testing

@Suite struct ZipWritingTests {
  /// The archive that a layout gives, with each member's data after its head.
  private func written(_ layout: ZipLayout, _ data: [[UInt8]]) -> [UInt8] {
    var out: [UInt8] = []
    func put(_ bytes: [UInt8], at offset: Int) {
      let missing = offset + bytes.count - out.count
      if missing > 0 { out += Array(repeating: 0xEE, count: missing) }
      out.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
    }
    for piece in layout.pieces { put(piece.bytes, at: piece.offset) }
    for (start, bytes) in zip(layout.dataStarts, data) { put(bytes, at: start) }
    for piece in layout.finish(checksums: data.map { CRC32.of($0) }) {
      put(piece.bytes, at: piece.offset)
    }
    return out
  }

  /// What numpy and torch wrote, taken apart and put together again: the same file, wherever a member is cut into head and data.
  @Test(arguments: [
    ("formats/npy/stored.npz", ZipStyle.numpy),
    ("formats/torch_zip.pt", .torch), ("formats/torch_zip_proto4.pt", .torch),
  ])
  func `the producer's own bytes`(_ name: String, _ style: ZipStyle) throws {
    let archive = try ZipArchive(InputFile(Fixtures.path(name)))
    var members: [ZipLayout.Member] = []
    var data: [[UInt8]] = []
    for (index, entry) in archive.entries.enumerated() {
      let content = try archive.contents(of: entry, limit: 1 << 20)
      let cut = [0, content.count, content.count / 3][index % 3]
      members.append(
        .init(name: entry.name, head: Array(content[..<cut]), dataCount: content.count - cut))
      data.append(Array(content[cut...]))
    }
    let bytes = written(try ZipLayout(members, style: style), data)
    #expect(bytes == (try Fixtures.bytes(name)))
  }

  @Test(arguments: ["../x", "/x", "a\\b", "a\0", "", "x/.."])
  func `a name that readers refuse is not written`(_ name: String) {
    let error = #expect(throws: SmithError.self) {
      try ZipLayout([.init(name: name)], style: .numpy)
    }
    #expect(error?.kind == .refused)
    #expect(error?.place.item == name)
  }

  @Test func `a name twice is not written`() {
    let error = #expect(throws: SmithError.self) {
      try ZipLayout([.init(name: "a"), .init(name: "a")], style: .torch)
    }
    #expect(error?.kind == .refused)
  }

  /// Five members, two of them beyond 4 GiB, in a file with holes: sizes, offsets, the CRC of 5 GiB of zeros.
  @Test(arguments: [ZipStyle.numpy, .torch])
  func `beyond 4 GiB`(_ style: ZipStyle) throws {
    let counts = [10, 5 << 30, 3, 1 << 32, 100]
    let members = counts.enumerated().map {
      ZipLayout.Member(name: "m\($0)", head: [UInt8($0), 1, 2], dataCount: $1)
    }
    let layout = try ZipLayout(members, style: style)
    let scratch = try Scratch()
    let path = "\(scratch.path)/huge.zip"
    do {
      let file = try OutputFile(creating: path)
      for piece in layout.pieces + layout.finish(checksums: counts.map(crcOfZeros)) {
        try file.write(piece.bytes.span.bytes, at: piece.offset)
      }
    }
    let archive = try ZipArchive(InputFile(path))
    #expect(archive.entries.map(\.name) == members.map(\.name))
    #expect(archive.entries.map(\.size) == counts.map { $0 + 3 })
    for (index, entry) in archive.entries.enumerated() {
      let member = try archive.member(entry)
      #expect(member.data.upperBound == layout.dataStarts[index] + counts[index])
      #expect(try member.bytes(0..<5) == [UInt8(index), 1, 2, 0, 0])
      #expect(try member.bytes((entry.size - 3)..<entry.size) == [0, 0, 0])
      if style == .torch { #expect(member.data.lowerBound % 64 == 0) }
      if counts[index] < 1000 { try member.verifyChecksum() }
    }
  }

  @Test func `more members than 16 bits count`() throws {
    let members = (0..<66_000).map { ZipLayout.Member(name: "m\($0)") }
    let layout = try ZipLayout(members, style: .numpy)
    let scratch = try Scratch()
    let empty = Array(repeating: [UInt8](), count: members.count)
    let path = try scratch.write(written(layout, empty), as: "many.zip")
    let archive = try ZipArchive(InputFile(path))
    #expect(archive.entries.map(\.name) == members.map(\.name))
  }

  /// By doubling: the CRC-32 of `count` zero bytes.
  private func crcOfZeros(_ count: Int) -> UInt32 {
    var (sum, block, rest, size) = (UInt32(0), CRC32.of([0]), count, 1)
    while rest > 0 {
      if rest & 1 == 1 { sum = CRC32.combine(sum, block, count: size) }
      block = CRC32.combine(block, block, count: size)
      (rest, size) = (rest >> 1, size << 1)
    }
    return sum
  }
}
