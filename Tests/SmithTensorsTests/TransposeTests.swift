import SmithBytes
import SmithTensors
import Testing

@Suite struct TransposeTests {
  static let shapes = [
    (1, 1), (1, 7), (7, 1), (8, 8), (16, 16), (3, 5), (17, 33), (64, 24), (300, 37), (1030, 20),
    (20, 1030), (0, 4), (4, 0),
  ]

  @Test(arguments: shapes, [1, 2, 4, 8])
  func `rows become columns`(_ shape: (rows: Int, columns: Int), _ width: Int) throws {
    let source = numbered(shape.rows * shape.columns * width)
    var target = [UInt8](repeating: 0, count: source.count)
    var span = target.mutableSpan
    var raw = span.mutableBytes
    try Transpose.apply(
      source: source.span.bytes, rows: shape.rows, columns: shape.columns, elementBytes: width,
      into: &raw)
    #expect(
      target
        == plain(source, shape.rows, shape.columns, width, stride: shape.columns * width))
  }

  @Test(arguments: [1, 2, 4, 8]) func `a panel of columns is turned alone`(_ width: Int) throws {
    let (rows, columns, stride) = (37, 21, 50 * width)
    let source = numbered(rows * stride)
    let panel = Array(source[(5 * width)...].prefix((rows - 1) * stride + columns * width))
    var target = [UInt8](repeating: 0, count: rows * columns * width)
    var span = target.mutableSpan
    var raw = span.mutableBytes
    try Transpose.apply(
      source: panel.span.bytes, rows: rows, columns: columns, elementBytes: width,
      sourceStride: stride, into: &raw)
    #expect(target == plain(panel, rows, columns, width, stride: stride))
  }

  @Test(arguments: [
    (2, 2, 3, 12, 12, SmithError.Kind.unsupported), (2, 2, 4, 15, 16, .mismatch),
    (2, 2, 4, 16, 15, .mismatch), (-1, 2, 4, 0, 0, .usage), (Int.max, 2, 4, 0, 0, .limit),
    (Int.max / 4, Int.max / 4, 4, 0, 0, .limit),
  ])
  func `a shape that does not fit is refused`(
    _ rows: Int, _ columns: Int, _ width: Int, _ sourceBytes: Int, _ targetBytes: Int,
    _ kind: SmithError.Kind
  ) {
    let source = [UInt8](repeating: 0, count: sourceBytes)
    var target = [UInt8](repeating: 0, count: targetBytes)
    var span = target.mutableSpan
    var raw = span.mutableBytes
    do throws(SmithError) {
      try Transpose.apply(
        source: source.span.bytes, rows: rows, columns: columns, elementBytes: width, into: &raw)
      Issue.record("not refused")
    } catch { #expect(error.kind == kind) }
  }

  /// Bytes whose pattern repeats only after 251 · 241 of them.
  private func numbered(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 % 251 ^ $0 / 251 % 241) }
  }

  private func plain(
    _ source: [UInt8], _ rows: Int, _ columns: Int, _ width: Int, stride: Int
  ) -> [UInt8] {
    var target: [UInt8] = []
    for column in 0..<columns {
      for row in 0..<rows {
        target += source[(row * stride + column * width)...].prefix(width)
      }
    }
    return target
  }
}
