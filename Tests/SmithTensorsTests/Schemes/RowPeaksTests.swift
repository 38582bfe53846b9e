import SmithBytes
import SmithTensors
import Testing

/// Codes and values by hand; the values of a file of bitsandbytes' own are in `LayoutTests`.
@Suite struct RowPeaksTests {
  private let scheme = RowPeaks()

  @Test func `codes are of the largest magnitude`() throws {
    let weights: [Float] = [127, -127, 0.5, 1.5, 0, 0, 0, 0, -254, 3, 1, 254]
    let parts = try scheme.encode(weights, shape: [3, 4])
    #expect(
      parts[0].map { Int8(bitPattern: $0) } == [127, -127, 0, 2, 0, 0, 0, 0, -127, 2, 0, 127])
    let peaks = try [Float](converting: parts[1], from: .f32)
    #expect(peaks == [127, 0, 254])
    #expect(
      try scheme.decode(parts, shape: [3, 4]) == [127, -127, 0, 2, 0, 0, 0, 0, -254, 4, 0, 254])
    let rows = try #require(try scheme.byteRows(parts, shape: [3, 4]))
    #expect(rows.scales == [1, 0, 2])
  }

  /// 127 times the largest f32 has no place in f32, and its 127th part must not lose the code.
  @Test func `magnitudes at the ends of f32`() throws {
    let large = Float.greatestFiniteMagnitude
    let parts = try scheme.encode([large, -large / 2, 0x1p-149, 0], shape: [2, 2])
    #expect(parts[0].map { Int8(bitPattern: $0) } == [127, -64, 127, 0])
  }

  @Test func `refusals name the row`() {
    for value in [Float.nan, .infinity, -.infinity] {
      let error = #expect(throws: SmithError.self) {
        try scheme.encode([1, 2, 3, value], shape: [2, 2])
      }
      #expect(error?.kind == .refused && error?.detail.contains("row 1") == true)
    }
    #expect(throws: SmithError.self) { try scheme.decode([[1, 2], [0, 0, 0]], shape: [1, 2]) }
    #expect(throws: SmithError.self) { try scheme.components(shape: [4]) }
  }
}
