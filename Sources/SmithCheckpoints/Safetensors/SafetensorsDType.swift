import SmithTensors

extension DType {
  /// The types of a safetensors file, lowest alignment rank first: the order in which the reference crate declares them, and by
  /// which, reversed, it sorts what it writes.
  static let safetensorsOrder: [(type: DType, name: String)] = [
    (.bool, "BOOL"), (.f4, "F4"), (.f6e2m3, "F6_E2M3"), (.f6e3m2, "F6_E3M2"), (.u8, "U8"),
    (.i8, "I8"), (.f8e5m2, "F8_E5M2"), (.f8e4m3, "F8_E4M3"), (.f8e8m0, "F8_E8M0"),
    (.f8e4m3fnuz, "F8_E4M3FNUZ"), (.f8e5m2fnuz, "F8_E5M2FNUZ"), (.i16, "I16"), (.u16, "U16"),
    (.f16, "F16"), (.bf16, "BF16"), (.i32, "I32"), (.u32, "U32"), (.f32, "F32"), (.c64, "C64"),
    (.f64, "F64"), (.i64, "I64"), (.u64, "U64"),
  ]

  /// The names of up to eight bytes, each as one number with its first byte lowest.
  private static let byWord = safetensorsOrder.filter { $0.name.utf8.count <= 8 }.map {
    (word: $0.name.utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) }, type: $0.type)
  }
  private static let byName = Dictionary(
    uniqueKeysWithValues: safetensorsOrder.map { ($0.name, $0.type) })
  private static let rankAndName = Dictionary(
    uniqueKeysWithValues: safetensorsOrder.enumerated().map { ($1.type, (rank: $0, name: $1.name)) }
  )

  /// The type a header names; nil for one the format does not know. Case matters.
  init?(safetensors name: String) {
    guard let type = Self.byName[name] else { return nil }
    self = type
  }

  init?(safetensors word: UInt64) {
    guard let type = Self.byWord.first(where: { $0.word == word })?.type else { return nil }
    self = type
  }

  /// The name in a header, and the rank in `safetensorsOrder`; nil for a type the format cannot hold.
  var safetensors: (rank: Int, name: String)? { Self.rankAndName[self] }
}
