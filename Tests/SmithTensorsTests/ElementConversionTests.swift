import SmithBytes
import SmithTensors
import TestSupport
import Testing

@Suite struct ElementConversionTests {
  struct Pair: Sendable, CustomTestStringConvertible {
    let from: DType
    let to: DType
    var testDescription: String { "\(from.rawValue) to \(to.rawValue)" }
  }

  /// The values of numpy, ml_dtypes and exact arithmetic (Fixtures/generate/conversions.py).
  @Test(arguments: [
    Pair(from: .f32, to: .f16), Pair(from: .f32, to: .bf16), Pair(from: .f64, to: .f32),
    Pair(from: .f64, to: .f16), Pair(from: .f64, to: .bf16), Pair(from: .i64, to: .f64),
    Pair(from: .i64, to: .f32), Pair(from: .i64, to: .f16), Pair(from: .i64, to: .bf16),
  ])
  func `numbers become the nearest one`(_ pair: Pair) throws {
    let source = try Fixtures.bytes("conversion/\(pair.from.rawValue).bin")
    let expected = try Fixtures.bytes(
      "conversion/\(pair.from.rawValue)_as_\(pair.to.rawValue).bin")
    #expect(try converted(source, pair.from, pair.to) == expected)
  }

  @Test(arguments: [DType.f16, .f8e4m3, .f8e5m2, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz])
  func `every bit pattern widens to its value`(_ type: DType) throws {
    let patterns =
      type == .f16
      ? (0...0xFFFF).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] } : Array(UInt8.min...UInt8.max)
    let expected = bits(try Fixtures.bytes("conversion/\(type.rawValue)_as_f32.bin"))
    let narrow = try [Float](converting: patterns, from: type)
    let wide = try [Double](converting: patterns, from: type)
    #expect(narrow.count == expected.count)
    for (index, truth) in expected.enumerated() {
      let value = Float(bitPattern: truth)
      if value.isNaN {
        #expect(narrow[index].isNaN && wide[index].isNaN, "\(index)")
      } else {
        #expect(narrow[index].bitPattern == truth, "\(index)")
        #expect(wide[index] == Double(value), "\(index)")
      }
    }
  }

  @Test func `every bf16 is the upper half of its f32 and comes back`() throws {
    let patterns = (0...0xFFFF).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    let wide = try converted(patterns, .bf16, .f32)
    #expect(bits(wide) == (0...0xFFFF).map { UInt32($0) << 16 })
    let back = try converted(wide, .f32, .bf16)
    for index in 0...0xFFFF {
      let isNaN = index & 0x7FFF > 0x7F80
      let expected = isNaN ? index | 0x40 : index
      #expect(Int(back[2 * index]) | Int(back[2 * index + 1]) << 8 == expected)
    }
  }

  @Test func `every half comes back through f32 and f64`() throws {
    let patterns = (0...0xFFFF).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    for wide in [DType.f32, .f64] {
      let back = try converted(try converted(patterns, .f16, wide), wide, .f16)
      for index in 0...0xFFFF {
        let expected = index & 0x7FFF > 0x7C00 ? index | 0x200 : index
        #expect(Int(back[2 * index]) | Int(back[2 * index + 1]) << 8 == expected)
      }
    }
  }

  @Test(arguments: [
    (0x7F80_0001 as UInt32, 0x7E00 as UInt16, 0x7FC0 as UInt16), (0xFFC1_2345, 0xFE09, 0xFFC1),
    (0x7FFF_FFFF, 0x7FFF, 0x7FFF), (0xFF80_2000, 0xFE01, 0xFFC0),
  ])
  func `a NaN stays one, with sign and payload`(
    _ nan: UInt32, _ half: UInt16, _ brain: UInt16
  ) throws {
    // Nine of them, so that vector and tail are both there.
    let source = (0..<9).flatMap { _ in littleEndian(nan) }
    #expect(try converted(source, .f32, .f16) == (0..<9).flatMap { _ in littleEndian(half) })
    #expect(try converted(source, .f32, .bf16) == (0..<9).flatMap { _ in littleEndian(brain) })
  }

  @Test(arguments: [
    (DType.bool, [0, 1, 2] as [UInt8], [0, 1, 1] as [Double]), (.u8, [0, 255], [0, 255]),
    (.i8, [0x80, 0xFF, 0x7F], [-128, -1, 127]), (.u16, [0xFF, 0xFF], [65535]),
    (.i16, [0, 0x80], [-32768]), (.u32, [0xFF, 0xFF, 0xFF, 0xFF], [4_294_967_295]),
    (.i32, [1, 0, 0, 0x80], [-2_147_483_647]),
    (.u64, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x1p64]),
    (.i64, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [-1]),
  ])
  func `integers become numbers`(_ type: DType, _ bytes: [UInt8], _ expected: [Double]) throws {
    #expect(try [Double](converting: bytes, from: type) == expected)
    #expect(try [Float](converting: bytes, from: type) == expected.map { Float($0) })
  }

  @Test(arguments: [0, 1, 7, 8, 9, 511, 512, 513, 2000])
  func `any count and alignment gives the same`(
    _ count: Int
  ) throws {
    let all = try Fixtures.bytes("conversion/f32.bin")
    let source = [0] + all[..<(4 * count)]
    for type in [DType.f16, .bf16, .f64] {
      var target = [UInt8](repeating: 0xAA, count: count * type.width + 2)
      var span = target.mutableSpan
      var raw = span.mutableBytes
      var inner = raw._mutatingExtracting(1..<(1 + count * type.width))
      try ElementConversion.convert(
        source.span.bytes.extracting(droppingFirst: 1), from: .f32, into: &inner, to: type)
      let aligned = try converted(Array(all[..<(4 * count)]), .f32, type)
      #expect(Array(target.dropFirst().dropLast()) == aligned)
      #expect(target.first == 0xAA && target.last == 0xAA)
    }
  }

  @Test func `what cannot be converted is refused`() {
    var target = [UInt8](repeating: 0, count: 8)
    func attempt(_ bytes: [UInt8], _ from: DType, _ to: DType) -> SmithError.Kind? {
      var span = target.mutableSpan
      var raw = span.mutableBytes
      do throws(SmithError) {
        try ElementConversion.convert(bytes.span.bytes, from: from, into: &raw, to: to)
        return nil
      } catch { return error.kind }
    }
    let eight = [UInt8](repeating: 1, count: 8)
    #expect(attempt(eight, .f32, .i32) == .unsupported)
    #expect(attempt(eight, .c64, .f64) == .unsupported)
    #expect(attempt(eight, .f4, .f32) == .unsupported)
    #expect(attempt(eight, .string, .string) == .unsupported)
    #expect(attempt(eight, .f32, .f16) == .mismatch)
    #expect(attempt(Array(eight.prefix(7)), .f64, .f64) == .mismatch)
    #expect(attempt(eight, .c64, .c64) == nil)
    #expect(target == eight)
    for type in DType.allCases where type.width == 0 {
      #expect(throws: SmithError.self) { try [Float](converting: eight, from: type) }
    }
  }

  @Test(arguments: [
    (DType.u8, [1, 2, 3, 4, 5, 6, 7, 8] as [UInt8]), (.bf16, [2, 1, 4, 3, 6, 5, 8, 7]),
    (.f32, [4, 3, 2, 1, 8, 7, 6, 5]), (.c64, [4, 3, 2, 1, 8, 7, 6, 5]),
    (.i64, [8, 7, 6, 5, 4, 3, 2, 1]),
  ])
  func `bytes of elements are reversed`(_ type: DType, _ expected: [UInt8]) throws {
    var bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    try ElementConversion.swapBytes(&raw, of: type)
    #expect(bytes == expected)
  }

  private func converted(_ bytes: [UInt8], _ from: DType, _ to: DType) throws -> [UInt8] {
    var target = [UInt8](repeating: 0, count: bytes.count / from.width * to.width)
    var span = target.mutableSpan
    var raw = span.mutableBytes
    try ElementConversion.convert(bytes.span.bytes, from: from, into: &raw, to: to)
    return target
  }

  private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private func bits(_ bytes: [UInt8]) -> [UInt32] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
      (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
    }
  }
}
