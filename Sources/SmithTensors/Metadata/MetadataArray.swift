import SmithBytes

/// A list of metadata values of one kind, kept packed: a tokenizer has 500,000 strings, and most callers only pass them on.
public struct MetadataArray: Hashable, Sendable, Codable {
  /// Never `array`.
  public let kind: MetadataValue.Kind
  public let count: Int
  /// The elements one after the other, little endian; a string is its length (u64) and its bytes, which need not be UTF-8.
  public let bytes: [UInt8]

  /// Arrays of at most so many elements, and so many bytes, are listed in `text`.
  private static let listed = (elements: 16, bytes: 512)

  /// `bytes` must hold exactly `count` elements; a caller's promise, which `values` checks again.
  public init(kind: MetadataValue.Kind, count: Int, bytes: [UInt8]) {
    self.kind = kind
    self.count = count
    self.bytes = bytes
  }

  /// A list of strings.
  public init(_ strings: [String]) {
    var bytes: [UInt8] = []
    for string in strings {
      let text = Array(string.utf8)
      bytes += (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
    }
    self.init(kind: .string, count: strings.count, bytes: bytes)
  }

  /// A list of 32-bit integers.
  public init(_ numbers: [Int32]) {
    let bytes = numbers.flatMap { number in
      (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * Int32($0))) }
    }
    self.init(kind: .i32, count: numbers.count, bytes: bytes)
  }

  /// The elements one by one; a string that is no UTF-8 is repaired. `.malformed` or `.truncated` for bytes that are no such list.
  public func values() throws(SmithError) -> [MetadataValue] {
    guard count >= 0 else { throw SmithError(.malformed, "\(count) elements") }
    var cursor = ByteCursor(bytes)
    var values: [MetadataValue] = []
    values.reserveCapacity(Swift.min(count, bytes.count))
    for _ in 0..<count { values.append(try Self.next(kind, &cursor)) }
    guard cursor.isAtEnd else {
      throw SmithError(.malformed, "\(cursor.remaining) bytes after the last element")
    }
    return values
  }

  private static func next(
    _ kind: MetadataValue.Kind, _ cursor: inout ByteCursor
  ) throws(SmithError) -> MetadataValue {
    switch kind {
    case .u8: return .u8(try cursor.littleEndian(UInt8.self))
    case .i8: return .i8(Int8(bitPattern: try cursor.littleEndian(UInt8.self)))
    case .u16: return .u16(try cursor.littleEndian(UInt16.self))
    case .i16: return .i16(Int16(bitPattern: try cursor.littleEndian(UInt16.self)))
    case .u32: return .u32(try cursor.littleEndian(UInt32.self))
    case .i32: return .i32(Int32(bitPattern: try cursor.littleEndian(UInt32.self)))
    case .u64: return .u64(try cursor.littleEndian(UInt64.self))
    case .i64: return .i64(Int64(bitPattern: try cursor.littleEndian(UInt64.self)))
    case .f32: return .f32(Float(bitPattern: try cursor.littleEndian(UInt32.self)))
    case .f64: return .f64(Double(bitPattern: try cursor.littleEndian(UInt64.self)))
    case .bool: return .bool(try cursor.byte() != 0)
    case .string:
      let length = try Int(checked: try cursor.littleEndian(UInt64.self))
      return .string(String(decoding: try cursor.array(length), as: UTF8.self))
    case .array: throw SmithError(.unsupported, "an array of arrays")
    }
  }

  /// Whether `text` lists the elements.
  public var isListed: Bool { count <= Self.listed.elements && bytes.count <= Self.listed.bytes }

  /// The elements as a JSON list where they are few, `[30522 strings]` where they are many.
  public var text: String {
    guard isListed, let values = try? values() else {
      return kind == .string ? "[\(count) strings]" : "[\(count) × \(kind.rawValue)]"
    }
    let parts = values.map { value in
      value.stringValue.map { JSON.string($0).serialized() } ?? value.text
    }
    return "[\(parts.joined(separator: ", "))]"
  }
}
