import SmithTensors

/// TensorFlow's numbers for element types (`DataType` in types.proto, formats §2.3).
enum TensorType {
  private static let table: [(number: Int32, dtype: DType)] = [
    (1, .f32), (2, .f64), (3, .i32), (4, .u8), (5, .i16), (6, .i8), (7, .string), (8, .c64),
    (9, .i64), (10, .bool), (14, .bf16), (17, .u16), (18, .c128), (19, .f16), (22, .u32),
    (23, .u64), (24, .f8e5m2), (25, .f8e4m3), (26, .f8e4m3fnuz), (28, .f8e5m2fnuz),
  ]

  /// Quantized integers are stored as the integers that they are; their scale is not in the checkpoint.
  private static let quantized: [(number: Int32, dtype: DType)] = [
    (11, .i8), (12, .u8), (13, .i32), (15, .i16), (16, .u16),
  ]

  private static let byNumber = Dictionary(
    uniqueKeysWithValues: (table + quantized).map { ($0.number, $0.dtype) })
  private static let byType = Dictionary(
    uniqueKeysWithValues: table.filter { $0.dtype.bits > 0 }.map { ($0.dtype, $0.number) })

  /// What we know as `number`; `.opaque` for resources, variants, packed small types and numbers of the future.
  static func dtype(_ number: Int32) -> DType { byNumber[number] ?? .opaque }

  /// The number to write, nil for types that TensorFlow does not store.
  static func number(_ dtype: DType) -> Int32? { byType[dtype] }

  /// Every type that can be written.
  static var writable: Set<DType> { Set(byType.keys) }
}
