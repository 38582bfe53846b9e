import CKernels
import SmithBytes

/// Two-dimensional transposes, cache blocked.
public enum Transpose {
  /// Writes `source` [rows, columns] as `target` [columns, rows], both row-major, elements of 1, 2, 4 or 8 bytes.
  ///
  /// `sourceStride` is the distance of the source's rows in bytes where they are part of longer ones (the source then ends
  /// with its last element): a caller transposes a panel of columns by starting `source` at its first one.
  /// `.unsupported` for another element size, `.mismatch` where a span is not as long as the shape says.
  public static func apply(
    source: RawSpan, rows: Int, columns: Int, elementBytes: Int, sourceStride: Int? = nil,
    into target: inout MutableRawSpan
  ) throws(SmithError) {
    guard [1, 2, 4, 8].contains(elementBytes) else {
      throw SmithError(.unsupported, "transposing elements of \(elementBytes) bytes")
    }
    guard rows >= 0, columns >= 0 else { throw SmithError(.usage, "a negative shape") }
    let rowBytes = try columns.multiplied(checked: elementBytes)
    let stride = sourceStride ?? rowBytes
    let targetBytes = try rowBytes.multiplied(checked: rows)
    guard target.byteCount == targetBytes else {
      throw SmithError(
        .mismatch, "the target has \(target.byteCount) bytes, the transpose \(targetBytes)")
    }
    if targetBytes == 0 { return }
    let sourceBytes = try stride.multiplied(checked: rows - 1).adding(checked: rowBytes)
    guard stride >= rowBytes, source.byteCount == sourceBytes else {
      throw SmithError(
        .mismatch,
        "the source has \(source.byteCount) bytes, [\(rows), \(columns)] takes "
          + "\(sourceBytes)")
    }
    source.withUnsafeBytes { from in
      target.withUnsafeMutableBytes { to in
        _ = ws_transpose(to.baseAddress, from.baseAddress, rows, columns, stride, elementBytes)
      }
    }
  }
}
