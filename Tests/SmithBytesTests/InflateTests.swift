import SmithBytes
import Testing

@Suite struct InflateTests {
  /// "weightsmith weightsmith" by Python's zlib.compress, and the raw stream inside.
  private static let text = Array("weightsmith weightsmith".utf8)
  private static let packed: [UInt8] = [
    120, 156, 43, 79, 205, 76, 207, 40, 41, 206, 205, 44, 201, 80, 40, 71, 176, 1, 113, 191, 9, 123,
  ]

  private static var raw: [UInt8] { Array(packed.dropFirst(2).dropLast(4)) }

  @Test func `a stream of known size`() throws {
    #expect(try Inflate.decode(Self.packed, count: 23) == Self.text)
    #expect(try Inflate.decode(Self.raw, wrapper: .raw, count: 23) == Self.text)
    // zlib.compress(b"")
    #expect(try Inflate.decode([0x78, 0x9C, 3, 0, 0, 0, 0, 1], count: 0) == [])
  }

  @Test(arguments: [0, 1, 22, 24, 1000])
  func `another size is malformed`(_ count: Int) {
    for (bytes, wrapper) in [(Self.packed, Inflate.Wrapper.zlib), (Self.raw, .raw)] {
      let error = #expect(throws: SmithError.self) {
        try Inflate.decode(bytes, wrapper: wrapper, count: count)
      }
      #expect(error?.kind == .malformed)
    }
  }

  @Test func `cut at every byte`() {
    for count in 0..<Self.packed.count {
      let error = #expect(throws: SmithError.self) {
        try Inflate.decode(Array(Self.packed.prefix(count)), count: 23)
      }
      #expect(error?.kind == .malformed, "\(count) bytes")
    }
  }

  @Test func `a wrong Adler-32 is a checksum error`() {
    for index in 1...4 {
      var bytes = Self.packed
      bytes[bytes.count - index] ^= 0x10
      let error = #expect(throws: SmithError.self) { try Inflate.decode(bytes, count: 23) }
      #expect(error?.kind == .checksum)
    }
  }

  @Test func `a bomb writes no more than was asked for`() throws {
    // Python's zlib.compress(bytes(20000), 9).
    let bomb: [UInt8] = [
      120, 218, 237, 193, 49, 1, 0, 0, 0, 194, 160, 245, 79, 109, 13, 15, 160, 0, 0, 0, 0, 0, 0, 0,
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 120, 48, 78, 32, 0, 1,
    ]
    let error = #expect(throws: SmithError.self) { try Inflate.decode(bomb, count: 100) }
    #expect(error?.kind == .malformed)
    #expect(try Inflate.decode(bomb, count: 20_000) == [UInt8](repeating: 0, count: 20_000))
  }
}
