import SmithBytes
import Testing

@testable import SmithCheckpoints

@Suite struct HDF5FilterTests {
  /// The definition of the checksum, one word at a time and reduced at each: the oracle.
  private func slowFletcher(_ bytes: [UInt8]) -> UInt32 {
    var (first, second) = (UInt32(0), UInt32(0))
    for index in stride(from: 0, to: bytes.count, by: 2) {
      let low = index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0
      first = reduced(first + UInt32(bytes[index]) << 8 + low)
      second = reduced(second + first)
    }
    return second << 16 | first
  }

  private func reduced(_ sum: UInt32) -> UInt32 { sum > 0xFFFF ? sum - 0xFFFF : sum }

  @Test(arguments: [0, 1, 2, 3, 7, 360, 719, 721, 65_535, 65_536, 65_537, 200_001])
  func `Fletcher-32 by its definition`(_ count: Int) {
    for bytes in [
      [UInt8](repeating: 0xFF, count: count), [UInt8](repeating: 0, count: count),
      (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) },
    ] {
      #expect(HDF5Filter.fletcher32(bytes[...]) == slowFletcher(bytes))
    }
  }

  @Test func `shuffled bytes come together again`() {
    let shuffled: [UInt8] = [1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12]
    #expect(HDF5Filter.unshuffle(shuffled, element: 4) == Array(1...12))
    #expect(HDF5Filter.unshuffle(shuffled + [13, 14], element: 4) == Array(1...14))
    #expect(HDF5Filter.unshuffle(shuffled, element: 1) == shuffled)
    #expect(HDF5Filter.unshuffle(shuffled, element: 100) == shuffled)
    #expect(HDF5Filter.unshuffle([], element: 4) == [])
  }

  @Test(arguments: [2, 3, 4, 5, 8, 16])
  func `unshuffling undoes the definition of the shuffle`(_ element: Int) {
    let bytes = (0..<(element * 37)).map { UInt8(truncatingIfNeeded: $0 &* 101 &+ $0 / 7) }
    let shuffled = (0..<element).flatMap { part in
      stride(from: part, to: bytes.count, by: element).map { bytes[$0] }
    }
    #expect(shuffled != bytes)
    #expect(HDF5Filter.unshuffle(shuffled, element: element) == bytes)
  }

  @Test func `a checksum before and after the bytes were packed`() throws {
    let data: [UInt8] = [10, 20, 30, 40]
    let sum = HDF5Filter.fletcher32(data[...])
    let stored = data + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) }
    let undone = try HDF5Filter.undo([.shuffle(2), .fletcher32], mask: 0, on: stored, count: 4)
    #expect(undone == [10, 30, 20, 40])
    #expect(try HDF5Filter.undo([.fletcher32], mask: 1, on: data, count: 4) == data)
    let short = #expect(throws: SmithError.self) {
      try HDF5Filter.undo([.fletcher32], mask: 0, on: [1, 2], count: 4)
    }
    #expect(short?.kind == .malformed)
    // Halves the other way round, as old big-endian writers left them.
    let swapped = data + [stored[5], stored[4], stored[7], stored[6]]
    #expect(try HDF5Filter.undo([.fletcher32], mask: 0, on: swapped, count: 4) == data)
    let wrong = #expect(throws: SmithError.self) {
      try HDF5Filter.undo([.fletcher32], mask: 0, on: data + [0, 0, 0, 0], count: 4)
    }
    #expect(wrong?.kind == .checksum)
  }

  @Test func `every tuple of a box once, in order`() {
    var odometer = Odometer([0..<2, 3..<4, 1..<3])
    var seen: [[Int]] = []
    while !odometer.isDone {
      seen.append(odometer.current)
      odometer.advance()
    }
    #expect(seen == [[0, 3, 1], [0, 3, 2], [1, 3, 1], [1, 3, 2]])
    #expect(Odometer([0..<2, 1..<1]).isDone)
  }
}
