import SmithTensors

/// An element type of TensorProto (`data_type`, formats §12).
struct ONNXType: Hashable, Sendable {
  /// The field of TensorProto that holds such numbers where there is no raw data.
  enum Field: Int, Sendable {
    case float = 4
    case int32 = 5
    case int64 = 7
    case double = 10
    case uint64 = 11

    var form: WireRuns.Form {
      switch self {
      case .float: .fixed32
      case .double: .fixed64
      default: .varint
      }
    }
  }

  /// What is listed.
  var dtype: DType
  var field: Field?
  /// Bits of an element in raw data.
  var bits: Int
  /// Small integers, which are listed unpacked, one a byte.
  var isUnpacked = false

  init(_ dtype: DType, _ field: Field?) {
    (self.dtype, self.field, bits) = (dtype, field, dtype.bits)
  }

  private init(unpacked dtype: DType, bits: Int) {
    (self.dtype, field, self.bits, isUnpacked) = (dtype, .int32, bits, true)
  }

  /// By number. 8 is text; what is not here cannot be read.
  static let all: [Int32: ONNXType] = [
    1: .init(.f32, .float), 2: .init(.u8, .int32), 3: .init(.i8, .int32), 4: .init(.u16, .int32),
    5: .init(.i16, .int32), 6: .init(.i32, .int32), 7: .init(.i64, .int64),
    8: .init(.string, nil), 9: .init(.bool, .int32), 10: .init(.f16, .int32),
    11: .init(.f64, .double), 12: .init(.u32, .uint64), 13: .init(.u64, .uint64),
    14: .init(.c64, .float), 15: .init(.c128, .double), 16: .init(.bf16, .int32),
    17: .init(.f8e4m3, .int32), 18: .init(.f8e4m3fnuz, .int32), 19: .init(.f8e5m2, .int32),
    20: .init(.f8e5m2fnuz, .int32), 21: .init(unpacked: .u8, bits: 4),
    22: .init(unpacked: .i8, bits: 4), 23: .init(.f4, .int32), 24: .init(.f8e8m0, .int32),
    25: .init(unpacked: .u8, bits: 2), 26: .init(unpacked: .i8, bits: 2),
    27: .init(.f6e2m3, nil), 28: .init(.f6e3m2, nil),
  ]

  /// The names of those that are listed under another type, for notes.
  static let unpackedNames: [Int32: String] = [21: "uint4", 22: "int4", 25: "uint2", 26: "int2"]

  /// What one number of `field` is in memory: an element, half of a complex one, a byte of several packed ones.
  var number: DType {
    switch dtype {
    case .c64: .f32
    case .c128: .f64
    default: bits < 8 ? .u8 : dtype
    }
  }
}
