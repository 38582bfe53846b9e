/// One value of a container's metadata with its type: what GGUF can say. Containers that know only text have `string`.
public enum MetadataValue: Hashable, Sendable, Codable {
  case u8(UInt8), i8(Int8), u16(UInt16), i16(Int16), u32(UInt32), i32(Int32), u64(UInt64)
  case i64(Int64)
  case f32(Float), f64(Double)
  case bool(Bool)
  case string(String)
  case array(MetadataArray)

  /// The types, in the words of `inspect`.
  public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
    case u8, i8, u16, i16, u32, i32, u64, i64, f32, f64, bool, string, array

    /// Bytes of one value; nil where that differs from value to value.
    public var width: Int? {
      switch self {
      case .u8, .i8, .bool: 1
      case .u16, .i16: 2
      case .u32, .i32, .f32: 4
      case .u64, .i64, .f64: 8
      case .string, .array: nil
      }
    }
  }

  public var kind: Kind {
    switch self {
    case .u8: .u8
    case .i8: .i8
    case .u16: .u16
    case .i16: .i16
    case .u32: .u32
    case .i32: .i32
    case .u64: .u64
    case .i64: .i64
    case .f32: .f32
    case .f64: .f64
    case .bool: .bool
    case .string: .string
    case .array: .array
    }
  }

  /// The value as a person reads it; a long array is counted and not listed.
  public var text: String {
    switch self {
    case .u8(let value): String(value)
    case .i8(let value): String(value)
    case .u16(let value): String(value)
    case .i16(let value): String(value)
    case .u32(let value): String(value)
    case .i32(let value): String(value)
    case .u64(let value): String(value)
    case .i64(let value): String(value)
    case .f32(let value): "\(value)"
    case .f64(let value): "\(value)"
    case .bool(let value): String(value)
    case .string(let value): value
    case .array(let value): value.text
    }
  }

  /// Whether `text` says all of it: false for an array that is only counted.
  public var isWholeAsText: Bool {
    if case .array(let array) = self { array.isListed } else { true }
  }

  /// An integer of any width, where it is one that fits.
  public var intValue: Int? {
    switch self {
    case .u8(let value): Int(value)
    case .i8(let value): Int(value)
    case .u16(let value): Int(value)
    case .i16(let value): Int(value)
    case .u32(let value): Int(value)
    case .i32(let value): Int(value)
    case .u64(let value): Int(exactly: value)
    case .i64(let value): Int(value)
    default: nil
    }
  }

  public var stringValue: String? {
    if case .string(let value) = self { value } else { nil }
  }
}
