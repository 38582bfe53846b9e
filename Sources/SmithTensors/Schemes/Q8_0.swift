import CKernels
import SmithBytes

extension QuantizationScheme where Self == Q8_0 {
  /// Blocks of 32 signed bytes with a half-precision scale.
  public static var q8_0: Q8_0 { Q8_0() }
}

/// `q8_0`: the ggml block of 32 weights, 34 bytes: scale max|w| / 127 as f16, then 32 signed codes, w / scale rounded half away
/// from zero. Byte for byte what ggml's reference quantizer writes (formats §8.2).
///
/// The one component holds the blocks of each row as bytes, [.., rows, columns / 32 · 34].
public struct Q8_0: QuantizationScheme {
  public let name = "q8_0"
  /// Weights in one block.
  public static let blockLength = 32
  /// Bytes of one block.
  public static let blockBytes = 34

  public init() {}

  /// `.unsupported` for rows that are no whole number of blocks: blocks never straddle rows.
  public func components(shape: [Int]) throws(SmithError) -> [SchemeComponent] {
    let columns = try matrix(shape).columns
    guard columns % Self.blockLength == 0 else {
      throw SmithError(
        .unsupported, "q8_0 needs rows of a multiple of \(Self.blockLength), not \(columns)")
    }
    let rowBytes = try (columns / Self.blockLength).multiplied(checked: Self.blockBytes)
    return [SchemeComponent(suffix: "", dtype: .u8, shape: shape.dropLast() + [rowBytes])]
  }

  public func encode(
    _ rows: Span<Float>, columns: Int, firstRow: Int, into components: inout [[UInt8]]
  ) throws(SmithError) {
    let count = try self.rows(of: rows.count, columns: columns, components)
    if count == 0 { return }
    let refused = rows.withUnsafeBufferPointer { values in
      components[0].withUnsafeMutableBytes { blocks in
        ws_q8_0_encode(blocks.baseAddress, values.baseAddress, values.count / Self.blockLength)
      }
    }
    if refused >= 0 {
      let row = firstRow + refused * Self.blockLength / columns
      throw SmithError(
        .refused,
        "row \(row) has a value that is not finite, or too large for a half-precision scale")
    }
  }

  public func decode(
    _ components: [[UInt8]], columns: Int, into rows: inout MutableSpan<Float>
  ) throws(SmithError) {
    let count = try self.rows(of: rows.count, columns: columns, components)
    if count == 0 { return }
    rows.withUnsafeMutableBufferPointer { values in
      components[0].withUnsafeBytes { blocks in
        ws_q8_0_decode(values.baseAddress, blocks.baseAddress, values.count / Self.blockLength)
      }
    }
  }
}
