import SmithBytes
import SmithTensors
import Testing

@Suite struct MetadataTests {
  @Test(
    arguments: [
      (.u8(250), "250", 250), (.i8(-5), "-5", -5), (.u16(65000), "65000", 65000),
      (.i16(-3), "-3", -3), (.u32(.max), "4294967295", 4_294_967_295), (.i32(-2), "-2", -2),
      (.u64(.max), "18446744073709551615", nil), (.i64(.min), "-9223372036854775808", Int.min),
      (.f32(0.1), "0.1", nil), (.f64(-0.5), "-0.5", nil), (.bool(true), "true", nil),
      (.string("żółw"), "żółw", nil),
    ] as [(MetadataValue, String, Int?)])
  func `a value has its text, and its number where it is an integer`(
    value: MetadataValue, text: String, number: Int?
  ) {
    #expect(value.text == text && value.intValue == number && value.isWholeAsText)
    #expect(value.stringValue == (value.kind == .string ? text : nil))
  }

  /// The bytes are written out by hand: little endian, strings behind their length.
  @Test func `an array is its packed elements`() throws {
    let strings = MetadataArray(["ab", ""])
    #expect(strings.bytes == [2, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x62, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(try strings.values() == [.string("ab"), .string("")])
    let rows: [(MetadataValue.Kind, [UInt8], [MetadataValue])] = [
      (.i16, [0xFE, 0xFF, 1, 0], [.i16(-2), .i16(1)]),
      (.bool, [0, 2], [.bool(false), .bool(true)]),
      (.f32, [0, 0, 0x80, 0x3F], [.f32(1)]), (.f64, [0, 0, 0, 0, 0, 0, 0xF0, 0xBF], [.f64(-1)]),
      (.u64, [1, 0, 0, 0, 0, 0, 0, 0x80], [.u64(0x8000_0000_0000_0001)]),
      (.i64, Array(repeating: 0xFF, count: 8), [.i64(-1)]), (.u8, [7], [.u8(7)]),
      (.i8, [0x80], [.i8(-128)]), (.u16, [0, 1], [.u16(256)]),
      (.u32, [0, 0, 0, 1], [.u32(1 << 24)]),
      (.i32, [0xFF, 0xFF, 0xFF, 0xFF], [.i32(-1)]),
    ]
    for (kind, bytes, values) in rows {
      let array = MetadataArray(kind: kind, count: values.count, bytes: bytes)
      #expect(try array.values() == values, "\(kind)")
    }
  }

  @Test(
    arguments: [
      (.string, 1, [9, 0, 0, 0, 0, 0, 0, 0, 1], .truncated), (.u32, 2, [1, 0, 0, 0], .truncated),
      (.u8, 1, [1, 2], .malformed), (.string, 1, Array(repeating: 0xFF, count: 8), .limit),
      (.array, 1, [0], .unsupported), (.u8, -1, [], .malformed),
    ] as [(MetadataValue.Kind, Int, [UInt8], SmithError.Kind)])
  func `bytes that are no such list are an error`(
    kind: MetadataValue.Kind, count: Int, bytes: [UInt8], expected: SmithError.Kind
  ) {
    let array = MetadataArray(kind: kind, count: count, bytes: bytes)
    let error = #expect(throws: SmithError.self) { try array.values() }
    #expect(error?.kind == expected)
    #expect(array.text.hasPrefix("["), "text never fails")
  }

  @Test func `text that is no UTF-8 stays as it is in an array, and is repaired to be seen`() throws
  {
    let array = MetadataArray(kind: .string, count: 1, bytes: [2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0x28])
    #expect(try array.values() == [.string("\u{FFFD}(")])
    #expect(array.bytes.suffix(2) == [0xC3, 0x28])
  }

  @Test func `entries keep their order, and a key has one value`() {
    var metadata: ContainerMetadata = ["b": "1", "a": "2"]
    metadata["c"] = "3"
    metadata.set("b", .u32(7))
    #expect(metadata.keys == ["b", "a", "c"] && metadata["b"] == "7")
    metadata["a"] = nil
    #expect(metadata.texts == ["b": "7", "c": "3"] && metadata.value("a") == nil)
    #expect(ContainerMetadata([.init("k", .u8(1)), .init("k", .u8(2))]).texts == ["k": "1"])
    // From a dictionary, which has no order, in that of the keys' bytes.
    #expect(ContainerMetadata(["ü": "", "z": "", "a": ""]).keys == ["a", "z", "ü"])
  }
}
