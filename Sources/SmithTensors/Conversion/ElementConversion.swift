import CKernels
import SmithBytes

/// Elements from one type to another.
///
/// Targets are f16, bf16, f32 and f64; sources are these, the 8-bit floats, and integers and booleans. Each value becomes the
/// nearest one of the target, ties to even; beyond its range infinity. A NaN keeps its sign and the upper bits of its payload
/// and is quiet.
public enum ElementConversion {
  /// Whether `convert` takes the pair. Equal types are always copied.
  public static func isSupported(from source: DType, to target: DType) -> Bool {
    source == target && source.width > 0
      || kernelTypes[source] != nil && (kernelTypes[target].map(floatTargets.contains) ?? false)
  }

  /// Fills `target` with the elements of `bytes`, little endian both. They must have the same number of whole elements
  /// (`.mismatch`); `.unsupported` for a pair of types that is not.
  public static func convert(
    _ bytes: RawSpan, from source: DType, into target: inout MutableRawSpan, to type: DType
  ) throws(SmithError) {
    guard isSupported(from: source, to: type) else {
      throw SmithError(.unsupported, "no conversion from \(source.rawValue) to \(type.rawValue)")
    }
    let count = bytes.byteCount / source.width
    guard bytes.byteCount % source.width == 0, target.byteCount % type.width == 0,
      target.byteCount / type.width == count
    else {
      throw SmithError(
        .mismatch,
        "\(bytes.byteCount) bytes of \(source.rawValue) do not fill "
          + "\(target.byteCount) bytes of \(type.rawValue)")
    }
    if count == 0 { return }
    bytes.withUnsafeBytes { from in
      target.withUnsafeMutableBytes { to in
        if source == type {
          to.copyMemory(from: from)
        } else if let fromCode = kernelTypes[source], let toCode = kernelTypes[type] {
          _ = ws_convert(to.baseAddress, toCode, from.baseAddress, fromCode, count)
        }
      }
    }
  }

  /// The first element that is finite in `bytes` and became infinite in `converted`, nil for none: what a cast to a type of
  /// less range loses. Both as `convert` took and gave them.
  public static func firstOverflow(
    _ bytes: [UInt8], from source: DType, converted: [UInt8], to type: DType
  ) -> Int? {
    guard let from = kernelTypes[source], let to = kernelTypes[type], source.width > 0 else {
      return nil
    }
    let count = min(bytes.count / source.width, converted.count / type.width)
    let found = bytes.withUnsafeBytes { given in
      converted.withUnsafeBytes { made in
        ws_first_overflow(
          made.baseAddress, to, type.width, given.baseAddress, from, source.width, count)
      }
    }
    return found < 0 ? nil : found
  }

  /// Puts the largest finite number of `type`, with its sign, where a finite value of `bytes` became infinite in `converted`.
  public static func saturate(
    _ converted: inout [UInt8], to type: DType, of bytes: [UInt8], from source: DType
  ) {
    guard let from = kernelTypes[source], let to = kernelTypes[type], source.width > 0,
      type == .f16 || type == .bf16 || type == .f32
    else { return }
    let count = min(bytes.count / source.width, converted.count / type.width)
    bytes.withUnsafeBytes { given in
      converted.withUnsafeMutableBytes { made in
        ws_saturate(
          made.baseAddress, to, type.width, given.baseAddress, from, source.width, count)
      }
    }
  }

  /// Reverses the bytes of each element in place: big endian to little endian and back. Complex numbers turn part by part;
  /// types of one byte stay as they are. `.mismatch` for a broken element, `.unsupported` for types without a width.
  public static func swapBytes(
    _ bytes: inout MutableRawSpan, of type: DType
  ) throws(SmithError) {
    let isComplex = type == .c64 || type == .c128
    let width = isComplex ? type.width / 2 : type.width
    guard width > 0 else {
      throw SmithError(.unsupported, "no byte order for \(type.rawValue)")
    }
    let total = bytes.byteCount
    guard total % width == 0 else {
      throw SmithError(.mismatch, "\(total) bytes are no whole number of \(type.rawValue)")
    }
    if width == 1 || total == 0 { return }
    bytes.withUnsafeMutableBytes { _ = ws_byteswap($0.baseAddress, width, total / width) }
  }

  private static let kernelTypes: [DType: Int32] = [
    .bool: Int32(WS_BOOL), .u8: Int32(WS_U8), .i8: Int32(WS_I8), .u16: Int32(WS_U16),
    .i16: Int32(WS_I16), .u32: Int32(WS_U32), .i32: Int32(WS_I32), .u64: Int32(WS_U64),
    .i64: Int32(WS_I64), .f16: Int32(WS_F16), .bf16: Int32(WS_BF16), .f32: Int32(WS_F32),
    .f64: Int32(WS_F64), .f8e4m3: Int32(WS_F8E4M3), .f8e5m2: Int32(WS_F8E5M2),
    .f8e8m0: Int32(WS_F8E8M0), .f8e4m3fnuz: Int32(WS_F8E4M3FNUZ), .f8e5m2fnuz: Int32(WS_F8E5M2FNUZ),
  ]

  private static let floatTargets = Int32(WS_F16)...Int32(WS_F64)
}

extension [Float] {
  /// Elements of any type that converts to f32, from their bytes.
  public init(converting bytes: [UInt8], from type: DType) throws(SmithError) {
    guard type.width > 0 else {
      throw SmithError(.unsupported, "no conversion from \(type.rawValue) to f32")
    }
    self.init(repeating: 0, count: bytes.count / type.width)
    var span = mutableSpan
    var target = span.mutableBytes
    try ElementConversion.convert(bytes.span.bytes, from: type, into: &target, to: .f32)
  }
}

extension [Double] {
  /// Elements of any type that converts to f64, from their bytes.
  public init(converting bytes: [UInt8], from type: DType) throws(SmithError) {
    guard type.width > 0 else {
      throw SmithError(.unsupported, "no conversion from \(type.rawValue) to f64")
    }
    self.init(repeating: 0, count: bytes.count / type.width)
    var span = mutableSpan
    var target = span.mutableBytes
    try ElementConversion.convert(bytes.span.bytes, from: type, into: &target, to: .f64)
  }
}
