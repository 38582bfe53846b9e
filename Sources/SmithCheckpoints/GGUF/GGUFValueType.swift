import SmithTensors

extension MetadataValue.Kind {
  /// The kinds in the order of GGUF's numbers (formats §7.1).
  private static let ggufOrder: [MetadataValue.Kind] = [
    .u8, .i8, .u16, .i16, .u32, .i32, .f32, .bool, .string, .array, .u64, .i64, .f64,
  ]

  /// The kind of that number in a file; nil for one that is unknown.
  init?(gguf number: UInt32) {
    guard number < UInt32(Self.ggufOrder.count) else { return nil }
    self = Self.ggufOrder[Int(number)]
  }

  /// The number in a file.
  var ggufNumber: UInt32 {
    UInt32(Self.ggufOrder.firstIndex(of: self) ?? 0)
  }
}
