/// The protobuf wire format (formats §0.2), enough for messages that we know field by field: no schema, no reflection, no recursion.

/// One field as it stands on the wire: its number, and its value by wire type.
public struct WireField<Cursor: WireCursor> {
  public enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    /// Text, bytes, a message or packed scalars.
    case bytes(Cursor)
    case fixed32(UInt32)
  }

  public let number: Int
  public let value: Value
  /// The file offset of the field's tag.
  public let position: Int

  /// A varint field; `.malformed` for another wire type.
  public func unsigned() throws(SmithError) -> UInt64 {
    guard case .varint(let value) = value else { throw wrongType("a varint") }
    return value
  }

  /// An int64 field, negative numbers as their two's complement.
  public func int64() throws(SmithError) -> Int64 { Int64(bitPattern: try unsigned()) }

  /// An int32 or enum field, sign-extended to 64 bits on the wire; `.malformed` beyond 32 bits.
  public func int32() throws(SmithError) -> Int32 {
    let wide = try int64()
    guard let value = Int32(exactly: wide) else {
      throw SmithError(.malformed, "\(wide) in a 32-bit field", at: Place(offset: position))
    }
    return value
  }

  public func fixed32() throws(SmithError) -> UInt32 {
    guard case .fixed32(let value) = value else { throw wrongType("4 fixed bytes") }
    return value
  }

  public func bytes() throws(SmithError) -> Cursor {
    guard case .bytes(let value) = value else { throw wrongType("a length and bytes") }
    return value
  }

  /// The fields of a message in this field.
  public func message() throws(SmithError) -> WireReader<Cursor> { WireReader(try bytes()) }

  private func wrongType(_ wanted: String) -> SmithError {
    SmithError(.malformed, "field \(number) is not \(wanted)", at: Place(offset: position))
  }
}

/// Steps through the fields of a message. The caller skips numbers it does not know by doing nothing with them.
public struct WireReader<Cursor: WireCursor> {
  private var cursor: Cursor

  public init(_ cursor: Cursor) { self.cursor = cursor }

  /// The file offset of the next field, which is the end of the last one.
  public var position: Int { cursor.position }

  /// The next field, or nil at the end; `.malformed` for groups, reserved wire types and field number 0, `.truncated` where a
  /// value runs past the message.
  public mutating func next() throws(SmithError) -> WireField<Cursor>? {
    if cursor.isAtEnd { return nil }
    let position = cursor.position
    let tag = try cursor.varint()
    guard tag >> 3 >= 1, tag >> 3 < 1 << 29 else {
      throw SmithError(.malformed, "field number \(tag >> 3)", at: Place(offset: position))
    }
    return WireField(
      number: Int(tag >> 3), value: try value(ofType: tag & 7), position: position)
  }

  private mutating func value(ofType wire: UInt64) throws(SmithError) -> WireField<Cursor>.Value {
    let position = cursor.position
    switch wire {
    case 0: return .varint(try cursor.varint())
    case 1: return .fixed64(try cursor.littleEndian(UInt64.self))
    case 2:
      let count = try cursor.varint()
      guard count <= UInt64(cursor.remaining) else {
        throw SmithError(
          .truncated, "a field of \(count) bytes where \(cursor.remaining) are left",
          at: Place(offset: position))
      }
      return .bytes(try cursor.slice(Int(count)))
    case 5: return .fixed32(try cursor.littleEndian(UInt32.self))
    default:
      throw SmithError(.malformed, "wire type \(wire)", at: Place(offset: position))
    }
  }
}

extension WireField: Sendable where Cursor: Sendable {}
extension WireField.Value: Sendable where Cursor: Sendable {}
extension WireReader: Sendable where Cursor: Sendable {}

/// A field, and the fields of a message, in memory.
public typealias ProtobufField = WireField<ByteCursor>
public typealias ProtobufReader = WireReader<ByteCursor>
/// The fields of a message in a file, whose values are not loaded: bytes are a range.
public typealias ProtobufFileField = WireField<FileCursor>
public typealias ProtobufFileReader = WireReader<FileCursor>

/// Builds a message field by field. As in proto3, a scalar of 0 is left out.
public struct ProtobufWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  /// An unsigned, signed (two's complement) or enum scalar.
  public mutating func varint(_ number: Int, _ value: some FixedWidthInteger) {
    if value == 0 { return }
    bytes.append(varint: UInt64(number << 3))
    bytes.append(varint: UInt64(truncatingIfNeeded: value))
  }

  public mutating func fixed32(_ number: Int, _ value: UInt32) {
    if value == 0 { return }
    bytes.append(varint: UInt64(number << 3 | 5))
    bytes.append(littleEndian: value)
  }

  /// A message, text or bytes; written even when empty, since an absent message means something else.
  public mutating func bytes(_ number: Int, _ value: [UInt8]) {
    bytes.append(varint: UInt64(number << 3 | 2))
    bytes.append(varint: UInt64(value.count))
    bytes += value
  }

  /// A message that `fill` writes.
  public mutating func message(_ number: Int, _ fill: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    fill(&inner)
    bytes(number, inner.bytes)
  }
}

extension [UInt8] {
  /// Appends an unsigned LEB128 integer in its shortest form.
  public mutating func append(varint value: UInt64) {
    var rest = value
    while rest > 0x7F {
      append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  /// Appends a fixed-width integer, low byte first.
  public mutating func append<T: FixedWidthInteger>(littleEndian value: T) {
    for shift in stride(from: 0, to: T.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: value >> T(shift)))
    }
  }
}
