import CKernels
import SmithBytes

extension QuantizationScheme where Self == Int8PerChannel {
  /// One byte per weight, one scale per output row.
  public static var int8PerChannel: Int8PerChannel { Int8PerChannel() }
}

/// `int8-channel`: one byte per weight, one f32 scale per output row.
///
/// Symmetric and restricted (models §15): scale = max|w| / 127, code = w / scale rounded half to even, in -127 ... 127; a row of
/// zeros has the scale 1. The names and shapes are those of the compressed-tensors "int-quantized" layout: `X.weight` i8 and
/// `X.weight_scale` f32 [.., rows, 1].
public struct Int8PerChannel: QuantizationScheme {
  public let name = "int8-channel"

  public init() {}

  public func components(shape: [Int]) throws(SmithError) -> [SchemeComponent] {
    _ = try matrix(shape)
    return [
      SchemeComponent(suffix: "", dtype: .i8, shape: shape),
      SchemeComponent(suffix: "_scale", dtype: .f32, shape: shape.dropLast() + [1]),
    ]
  }

  public func encode(
    _ rows: Span<Float>, columns: Int, firstRow: Int, into components: inout [[UInt8]]
  ) throws(SmithError) {
    let count = try self.rows(of: rows.count, columns: columns, components)
    if count == 0 { return }
    let refused = rows.withUnsafeBufferPointer { values in
      components.withUnsafeMutableBufferPointer { parts in
        parts[0].withUnsafeMutableBytes { codes in
          parts[1].withUnsafeMutableBytes { scales in
            ws_int8_rows_encode(
              codes.baseAddress, scales.baseAddress, values.baseAddress, count, columns)
          }
        }
      }
    }
    if refused >= 0 {
      throw SmithError(.refused, "row \(firstRow + refused) has a value that is not finite")
    }
  }

  public func byteRows(_ components: [[UInt8]], shape: [Int]) throws(SmithError) -> ByteRows? {
    let (rows, columns) = try matrix(shape)
    try check(components, rows: rows, columns: columns)
    return ByteRows(
      codes: components[0].map { Int8(bitPattern: $0) },
      scales: try [Float](converting: components[1], from: .f32))
  }

  public func decode(
    _ components: [[UInt8]], columns: Int, into rows: inout MutableSpan<Float>
  ) throws(SmithError) {
    let count = try self.rows(of: rows.count, columns: columns, components)
    if count == 0 { return }
    rows.withUnsafeMutableBufferPointer { values in
      components[0].withUnsafeBytes { codes in
        components[1].withUnsafeBytes { scales in
          ws_int8_rows_decode(
            values.baseAddress, codes.baseAddress, scales.baseAddress, count, columns)
        }
      }
    }
  }
}
