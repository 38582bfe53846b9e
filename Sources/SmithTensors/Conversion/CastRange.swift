import CKernels
import SmithBytes

/// What a cast to a type of less range or precision did to the values: how many left the range at either end.
public struct CastRange: Hashable, Sendable {
  /// The type that was cast to.
  public var type: DType
  public private(set) var count = 0
  /// Finite values beyond the largest finite number of the type.
  public private(set) var overflows = 0
  /// Values other than zero that became zero.
  public private(set) var underflows = 0
  /// Values that were normal numbers and became subnormal ones, which have fewer digits.
  public private(set) var subnormals = 0
  /// The largest finite magnitude before the cast.
  public private(set) var largest = 0.0

  public init(to type: DType) { self.type = type }

  /// Whether every value kept its place in the range: the cast rounded, and nothing else.
  public var isClean: Bool { overflows == 0 && underflows == 0 && subnormals == 0 }

  /// Takes in values before and after `ElementConversion.convert`.
  public mutating func add(
    _ bytes: [UInt8], from source: DType, converted: [UInt8]
  ) throws(SmithError) {
    guard let before = try Self.classes(bytes, of: source),
      let after = try Self.classes(converted, of: type)
    else { return }
    count += before.count
    overflows += after.infinities - before.infinities
    underflows += after.zeros - before.zeros
    if Self.exponentBits[source] != Self.exponentBits[type] { subnormals += after.subnormals }
    largest = max(largest, before.largest)
  }

  public mutating func add(_ other: CastRange) {
    count += other.count
    overflows += other.overflows
    underflows += other.underflows
    subnormals += other.subnormals
    largest = max(largest, other.largest)
  }

  /// The worse of two comes first: by what overflowed, then by what became zero, then by what lost digits.
  public static func isWorse(_ left: CastRange, _ right: CastRange) -> Bool {
    (left.overflows, left.underflows, left.subnormals)
      > (right.overflows, right.underflows, right.subnormals)
  }

  private struct Classes {
    var count = 0
    var zeros = 0
    var subnormals = 0
    var infinities = 0
    var largest = 0.0
  }

  /// Types whose subnormal numbers are each other's.
  private static let exponentBits: [DType: Int] = [.f16: 5, .bf16: 8, .f32: 8, .f64: 11]
  private static let codes: [DType: Int32] = [
    .f16: Int32(WS_F16), .bf16: Int32(WS_BF16), .f32: Int32(WS_F32), .f64: Int32(WS_F64),
  ]

  /// Nil for what are no numbers. Integers and 8-bit floats are looked at as the f64 they are.
  private static func classes(_ bytes: [UInt8], of type: DType) throws(SmithError) -> Classes? {
    guard let code = codes[type] else {
      guard ElementConversion.isSupported(from: type, to: .f64), type.width > 0 else { return nil }
      let wide = try [UInt8](count: bytes.count / type.width * 8) { span throws(SmithError) in
        try ElementConversion.convert(bytes.span.bytes, from: type, into: &span, to: .f64)
      }
      return try classes(wide, of: .f64)
    }
    var counts: [UInt64] = [0, 0, 0]
    var found = Classes(count: bytes.count / type.width)
    bytes.withUnsafeBytes { values in
      _ = ws_value_classes(values.baseAddress, code, found.count, &counts, &found.largest)
    }
    (found.zeros, found.subnormals, found.infinities) = (
      Int(counts[0]), Int(counts[1]), Int(counts[2])
    )
    return found
  }
}
