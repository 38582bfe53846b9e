import SmithTensors

/// How torch.save names an element type: by the class of its storage, or, for types younger than those classes, as a dtype over
/// untyped bytes.
struct TorchType {
  var name: String
  /// Whether `name` is a storage class.
  var isTyped: Bool

  fileprivate static let all: [DType: TorchType] = {
    let typed: [DType: String] = [
      .f32: "FloatStorage", .f64: "DoubleStorage", .f16: "HalfStorage", .bf16: "BFloat16Storage",
      .u8: "ByteStorage", .i8: "CharStorage", .i16: "ShortStorage", .i32: "IntStorage",
      .i64: "LongStorage", .bool: "BoolStorage", .c64: "ComplexFloatStorage",
      .c128: "ComplexDoubleStorage",
    ]
    let untyped: [DType: String] = [
      .u16: "uint16", .u32: "uint32", .u64: "uint64", .f8e4m3: "float8_e4m3fn",
      .f8e5m2: "float8_e5m2", .f8e4m3fnuz: "float8_e4m3fnuz", .f8e5m2fnuz: "float8_e5m2fnuz",
      .f8e8m0: "float8_e8m0fnu",
    ]
    return typed.mapValues { TorchType(name: $0, isTyped: true) }
      .merging(untyped.mapValues { TorchType(name: $0, isTyped: false) }) { first, _ in first }
  }()

  static let dtypes = Set(all.keys)
}

extension DType {
  /// Nil for types that torch does not have.
  var torch: TorchType? { TorchType.all[self] }
}
