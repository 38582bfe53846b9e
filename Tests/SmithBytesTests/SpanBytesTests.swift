import SmithBytes
import Testing

@Suite struct SpanBytesTests {
  @Test(
    arguments: [
      (1, [1, 2, 3, 4, 5, 6, 7, 8, 9]), (2, [2, 1, 4, 3, 6, 5, 8, 7, 9]),
      (4, [4, 3, 2, 1, 8, 7, 6, 5, 9]), (8, [8, 7, 6, 5, 4, 3, 2, 1, 9]),
    ] as [(Int, [UInt8])])
  func `bytes swap in groups`(width: Int, swapped: [UInt8]) {
    var bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    raw.swapBytes(ofWidth: width)
    #expect(bytes == swapped)
  }

  @Test func `a copy lands where it should`() {
    var bytes: [UInt8] = [0, 0, 0, 0]
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    raw.copy([1, 2, 3, 4], 1..<3, to: 2)
    raw.copy([9], 1..<1, to: 4)
    #expect(bytes == [0, 0, 2, 3])
  }
}
