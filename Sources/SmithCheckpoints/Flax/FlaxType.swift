import SmithTensors

extension DType {
  /// The types of Flax arrays by numpy's names, those of the ml_dtypes package included. Its 4-bit types take a byte an element
  /// there, which none of ours does.
  private static let flaxNames: [(type: DType, name: String)] = [
    (.bool, "bool"), (.u8, "uint8"), (.i8, "int8"), (.u16, "uint16"), (.i16, "int16"),
    (.u32, "uint32"), (.i32, "int32"), (.u64, "uint64"), (.i64, "int64"), (.f16, "float16"),
    (.bf16, "bfloat16"), (.f32, "float32"), (.f64, "float64"), (.c64, "complex64"),
    (.c128, "complex128"), (.f8e4m3, "float8_e4m3fn"), (.f8e5m2, "float8_e5m2"),
    (.f8e8m0, "float8_e8m0fnu"), (.f8e4m3fnuz, "float8_e4m3fnuz"),
    (.f8e5m2fnuz, "float8_e5m2fnuz"),
  ]
  private static let byFlaxName = Dictionary(
    uniqueKeysWithValues: flaxNames.map { ($0.name, $0.type) })
  private static let toFlaxName = Dictionary(
    uniqueKeysWithValues: flaxNames.map { ($0.type, $0.name) })

  static let ofFlax = Set(flaxNames.map(\.type))

  /// `.opaque` for a name we do not know.
  init(flax name: String) { self = Self.byFlaxName[name] ?? .opaque }

  /// Nil for a type that numpy has not.
  var flaxName: String? { Self.toFlaxName[self] }
}
