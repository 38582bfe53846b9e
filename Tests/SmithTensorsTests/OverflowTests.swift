import SmithTensors
import Testing

/// Which element a cast to a type of less range loses.
@Suite struct OverflowTests {
  private func overflow(_ values: [Double], to type: DType, from: DType = .f64) throws -> Int? {
    var given = [UInt8](repeating: 0, count: values.count * from.width)
    let wide = values.flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }
    try convert(wide, from: .f64, into: &given, to: from)
    var made = [UInt8](repeating: 0, count: values.count * type.width)
    try convert(given, from: from, into: &made, to: type)
    return ElementConversion.firstOverflow(given, from: from, converted: made, to: type)
  }

  private func convert(
    _ bytes: [UInt8], from: DType, into target: inout [UInt8], to type: DType
  ) throws {
    var span = target.mutableSpan
    var raw = span.mutableBytes
    try ElementConversion.convert(bytes.span.bytes, from: from, into: &raw, to: type)
  }

  @Test(arguments: [
    (65519.0, DType.f16, false), (65520, .f16, true), (-65520, .f16, true), (65520, .bf16, false),
    (3.39e38, .bf16, false), (3.4e38, .bf16, true), (3.4e38, .f32, false), (1e39, .f32, true),
    (-1e300, .f32, true),
    (.infinity, .f16, false), (-.infinity, .bf16, false), (.nan, .f32, false), (0, .f16, false),
    (1e300, .f64, false),
  ])
  func `is found where it begins`(value: Double, type: DType, overflows: Bool) throws {
    // Alone, in the first piece, behind its end, and behind an infinity that was one before.
    for position in [0, 1, 1023, 1024, 2500] {
      var values = [Double](repeating: 0.5, count: 2600)
      values[position] = value
      if position > 1 { values[1] = .infinity }
      #expect(try overflow(values, to: type) == (overflows ? position : nil), "at \(position)")
    }
    #expect(try overflow([value], to: type) == (overflows ? 0 : nil))
    #expect(try overflow([], to: type) == nil)
  }

  @Test(arguments: [DType.f32, .bf16, .f64])
  func `from every wider type`(type: DType) throws {
    #expect(try overflow([1, -2, 98304, 3], to: .f16, from: type) == 2)
    #expect(try overflow([1, -2, 32768, 3], to: .f16, from: type) == nil)
  }
}
