/// The type of one element as it is stored. The raw value is the name people see (`inspect`, `--dtype`, JSON).
public enum DType: String, Hashable, Sendable, Codable, CaseIterable {
  case bool, u8, i8, u16, i16, u32, i32, u64, i64
  case f16, bf16, f32, f64
  case f8e4m3, f8e5m2, f8e8m0, f8e4m3fnuz, f8e5m2fnuz
  case f4, f6e2m3, f6e3m2
  case c64, c128
  /// Text: listed, never read as numbers.
  case string
  /// Something we can name and skip, but not read (TF resources and variants, HDF5 references).
  case opaque

  /// Bits of one element; 0 for `string` and `opaque`, whose elements have no fixed width.
  public var bits: Int {
    switch self {
    case .f4: 4
    case .f6e2m3, .f6e3m2: 6
    case .bool, .u8, .i8, .f8e4m3, .f8e5m2, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
    case .u16, .i16, .f16, .bf16: 16
    case .u32, .i32, .f32: 32
    case .u64, .i64, .f64, .c64: 64
    case .c128: 128
    case .string, .opaque: 0
    }
  }

  /// Bytes of one element; 0 where an element is not a whole number of bytes.
  public var width: Int { bits % 8 == 0 ? bits / 8 : 0 }

  /// Whether elements are real floating-point numbers, which casts and quantization accept.
  public var isFloat: Bool {
    switch self {
    case .f16, .bf16, .f32, .f64, .f8e4m3, .f8e5m2, .f8e4m3fnuz, .f8e5m2fnuz: true
    default: false
    }
  }
}
