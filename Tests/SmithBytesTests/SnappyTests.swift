import SmithBytes
import Testing

@Suite struct SnappyTests {
  static func decompress(_ block: [UInt8], limit: Int = 1 << 20) throws(SmithError) -> [UInt8] {
    try Snappy.decompress(ByteCursor(block, base: 100), limit: limit)
  }

  static let long = (0..<300).map { UInt8(truncatingIfNeeded: $0) }

  @Test(
    arguments: [
      ([0], []),
      // One literal, the length in the tag, in one byte and in two.
      ([3, 2 << 2, 1, 2, 3], [1, 2, 3]),
      ([60, 60 << 2, 59] + long[..<60], Array(long[..<60])),
      ([0xAC, 0x02, 61 << 2, 0x2B, 0x01] + long, long),
      // Copies with one, two and four bytes of distance; the first overlaps itself.
      ([9, 1 << 2, 7, 8, 0b01 | 3 << 2, 2], [7, 8, 7, 8, 7, 8, 7, 8, 7]),
      ([5, 2 << 2, 1, 2, 3, 0b10 | 1 << 2, 3, 0], [1, 2, 3, 1, 2]),
      ([4, 2 << 2, 1, 2, 3, 0b11, 1, 0, 0, 0], [1, 2, 3, 3]),
    ] as [([UInt8], [UInt8])])
  func `elements`(block: [UInt8], plain: [UInt8]) throws {
    #expect(try Self.decompress(block) == plain)
  }

  @Test(
    arguments: [
      ([], .truncated, 100),
      ([0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 1], .limit, 100),  // a 4 GiB claim
      ([200, 1, 0, 1], .limit, 100),  // more than so few bytes can hold
      ([3, 2 << 2, 1, 2], .truncated, 102),  // a literal past the end
      ([2, 0, 1], .malformed, 100),  // less than declared
      ([1, 1 << 2, 1, 2], .malformed, 101),  // more than declared
      ([5, 0, 1, 0b01, 0], .malformed, 103),  // distance 0
      ([5, 0, 1, 0b01, 2], .malformed, 103),  // from before the start
      ([5, 0, 1, 0b11, 0xFF, 0xFF, 0xFF, 0xFF], .malformed, 103),
      ([3, 0, 1, 0b01, 1], .malformed, 103),  // a copy past the declared end
      ([70, 0, 1, 0b10 | 63 << 2, 1], .truncated, 104),  // half a distance
      ([9, 63 << 2, 0xFF, 0xFF, 0xFF, 0xFF], .truncated, 106),  // a literal of 4 GiB
    ] as [([UInt8], SmithError.Kind, Int)])
  func `broken blocks`(block: [UInt8], kind: SmithError.Kind, offset: Int) throws {
    let error = try #require(throws: SmithError.self) { try Self.decompress(block) }
    #expect(error.kind == kind)
    #expect(error.place.offset == offset)
  }

  @Test func `the caller's limit holds`() {
    let error = #expect(throws: SmithError.self) {
      try Self.decompress([3, 2 << 2, 1, 2, 3], limit: 2)
    }
    #expect(error?.kind == .limit)
  }
}
