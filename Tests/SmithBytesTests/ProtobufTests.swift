import SmithBytes
import Testing

@Suite struct ProtobufTests {
  static func fields(_ bytes: [UInt8]) throws(SmithError) -> [ProtobufField] {
    var reader = ProtobufReader(ByteCursor(bytes, base: 10))
    var fields: [ProtobufField] = []
    while let field = try reader.next() { fields.append(field) }
    return fields
  }

  @Test func `every wire type`() throws {
    let fields = try Self.fields(
      [0x08, 0x96, 0x01, 0x11, 1, 0, 0, 0, 0, 0, 0, 0x80, 0x1A, 2, 0x68, 0x69, 0x25, 4, 3, 2, 1])
    #expect(fields.map { $0.number } == [1, 2, 3, 4])
    #expect(fields.map { $0.position } == [10, 13, 22, 26])
    #expect(try fields[0].unsigned() == 150)
    guard case .fixed64(let wide) = fields[1].value else { throw SmithError(.malformed, "fixed64") }
    #expect(wide == 0x8000_0000_0000_0001)
    var text = try fields[2].bytes()
    #expect(try text.utf8(text.remaining) == "hi")
    #expect(try fields[3].fixed32() == 0x0102_0304)
  }

  @Test(arguments: [-1, Int32.min, Int32.max, 0, 300])
  func `32-bit numbers are sign-extended`(value: Int32) throws {
    var writer = ProtobufWriter()
    writer.varint(5, value)
    #expect(writer.bytes.count == (value < 0 ? 11 : value == 0 ? 0 : value == 300 ? 3 : 6))
    for field in try Self.fields(writer.bytes) { #expect(try field.int32() == value) }
  }

  /// The bytes that TensorFlow wrote as bundle header (formats §2.3).
  @Test func `written as protoc does`() {
    var writer = ProtobufWriter()
    writer.varint(1, 1)
    writer.varint(2, 0)
    writer.message(3) { $0.varint(1, 1) }
    writer.fixed32(6, 0)
    writer.bytes(2, [])
    #expect(writer.bytes == [0x08, 0x01, 0x1A, 0x02, 0x08, 0x01, 0x12, 0x00])
  }

  @Test(
    arguments: [
      ([0x08], .truncated, 11),
      ([0x08] + [UInt8](repeating: 0xFF, count: 10), .malformed, 11),  // an overlong varint
      ([0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02], .malformed, 11),
      ([0x00, 0x01], .malformed, 10),  // field number 0
      ([0x0B], .malformed, 11),  // a group
      ([0x0F], .malformed, 11),  // wire type 7
      ([0x0A, 0x05, 1], .truncated, 11),
      ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], .truncated, 11),
      ([0x09, 1, 2, 3], .truncated, 11),
      ([0x0D, 1, 2, 3], .truncated, 11),
    ] as [([UInt8], SmithError.Kind, Int)])
  func `broken messages`(bytes: [UInt8], kind: SmithError.Kind, offset: Int) throws {
    let error = try #require(throws: SmithError.self) { try Self.fields(bytes) }
    #expect(error.kind == kind)
    #expect(error.place.offset == offset)
  }

  @Test func `a field of another type is refused where it stands`() throws {
    let fields = try Self.fields([0x08, 1, 0x12, 0])
    #expect(throws: SmithError(.malformed, "field 2 is not a varint", at: Place(offset: 12))) {
      try fields[1].unsigned()
    }
    #expect(throws: SmithError.self) { try fields[0].bytes() }
    #expect(throws: SmithError.self) { try fields[0].fixed32() }
  }

  @Test func `a wide number in a 32-bit field`() throws {
    let fields = try Self.fields([0x08, 0x80, 0x80, 0x80, 0x80, 0x10])
    #expect(throws: SmithError.self) { try fields[0].int32() }
    #expect(try fields[0].int64() == 1 << 32)
  }
}
