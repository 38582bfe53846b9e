import SmithBytes
import TestSupport
import Testing

@testable import SmithCheckpoints

@Suite struct TensorFlowOrderedCodeTests {
  static func signed(_ value: Int64) -> [UInt8] {
    var bytes: [UInt8] = []
    OrderedCode.appendSigned(value, to: &bytes)
    return bytes
  }

  @Test(
    arguments: [
      (0, [0x80]), (4, [0x84]), (-1, [0x7F]), (63, [0xBF]), (-64, [0x40]), (70, [0xC0, 0x46]),
      (230, [0xC0, 0xE6]), (64, [0xC0, 0x40]), (-65, [0x3F, 0xBF]), (8191, [0xDF, 0xFF]),
      (8192, [0xE0, 0x20, 0x00]), (-8192, [0x20, 0x00]), (-8193, [0x1F, 0xDF, 0xFF]),
      (1 << 55, [0xFF, 0x80, 0x80, 0, 0, 0, 0, 0, 0]),
      (.max, [0xFF, 0xC0, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
      (.min, [0x00, 0x3F, 0x80, 0, 0, 0, 0, 0, 0, 0]),
    ] as [(Int64, [UInt8])])
  func `signed numbers`(value: Int64, bytes: [UInt8]) { #expect(Self.signed(value) == bytes) }

  @Test func `byte order is the order of values`() {
    var values = (0..<63).flatMap { shift in [-2, -1, 0, 1].map { (Int64(1) << shift) &+ $0 } }
    values += values.map { -$0 } + [.max, .min]
    let sorted = Set(values).sorted()
    for (low, high) in zip(sorted, sorted.dropFirst()) {
      #expect(Self.signed(low).lexicographicallyPrecedes(Self.signed(high)), "\(low) \(high)")
    }
  }

  @Test(
    arguments: [
      (0, [0]), (2, [1, 2]), (256, [2, 1, 0]), (.max, [8] + [UInt8](repeating: 0xFF, count: 8)),
    ]
      as [(UInt64, [UInt8])])
  func `counts`(value: UInt64, bytes: [UInt8]) {
    var written: [UInt8] = []
    OrderedCode.appendNumber(value, to: &written)
    #expect(written == bytes)
  }

  @Test func `strings are escaped and ended`() {
    var bytes: [UInt8] = []
    OrderedCode.appendString([0x61, 0x00, 0xFF, 0x62], to: &bytes)
    #expect(bytes == [0x61, 0x00, 0xFF, 0xFF, 0x00, 0x62, 0x00, 0x01])
  }

  /// The key that TensorFlow gave rows 4 to 6 of `emb` [10, 4] (formats §2.4), and a variable of rank 0.
  @Test func `keys of slices`() {
    let rows = TensorSlice(extents: [.part(start: 4, length: 3), .whole])
    #expect(
      rows.key(of: Array("emb".utf8))
        == [0x00, 0x65, 0x6D, 0x62, 0x00, 0x01, 0x01, 0x02, 0x84, 0x83, 0x80, 0x7F])
    #expect(TensorSlice(extents: []).key(of: [0x61]) == [0x00, 0x61, 0x00, 0x01, 0x00])
  }
}
