import SmithBytes

/// An array stored with its first dimension fastest, read as if its last one were.
///
/// The stored array is a row of columns, each with one element of every row (first dimension); the order of the columns is Fortran's too.
/// A read takes the part of every column that the wanted rows have, in blocks that bound the memory.
struct FortranOrder {
  private static let blockBytes = 4 << 20
  private static let stretchBytes = 1 << 20

  private let rows: Int
  /// The dimensions behind the first.
  private let inner: [Int]
  /// Elements of a row.
  private let columns: Int
  private let width: Int

  /// The shape's element count was checked before; `width` is the bytes of an element.
  init(shape: [Int], width: Int) {
    rows = shape.first ?? 1
    inner = Array(shape.dropFirst())
    columns = inner.reduce(1, &*)
    self.width = width
  }

  /// `stored` gives the array's bytes as they stand in the file.
  func read(
    at offset: Int, into span: inout MutableRawSpan,
    _ stored: (Int, inout MutableRawSpan) throws(SmithError) -> Void
  ) throws(SmithError) {
    let rowBytes = columns * width
    guard rowBytes > 0, span.byteCount > 0 else { return }
    let end = offset + span.byteCount
    let step = max(1, Self.blockBytes / rowBytes)
    var row = offset / rowBytes
    while row * rowBytes < end {
      let block = row..<min(rows, row + step, (end + rowBytes - 1) / rowBytes)
      let bytes = try self.block(block, stored)
      let start = block.lowerBound * rowBytes
      let wanted = max(start, offset)..<min(start + bytes.count, end)
      for place in wanted {
        span.storeBytes(of: bytes[place - start], toByteOffset: place - offset, as: UInt8.self)
      }
      row = block.upperBound
    }
  }

  /// Some rows, their elements in the order of the last dimension.
  private func block(
    _ block: Range<Int>, _ stored: (Int, inout MutableRawSpan) throws(SmithError) -> Void
  ) throws(SmithError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: block.count * columns * width)
    var order = ColumnOrder(inner)
    // Whole columns where little of them is left out: one read for many.
    let isWhole = block.count * 8 >= rows
    let part = isWhole ? 0..<rows : block
    let stretch = isWhole ? max(1, Self.stretchBytes / (rows * width)) : 1
    for first in stride(from: 0, to: columns, by: stretch) {
      let count = min(stretch, columns - first)
      let piece = try [UInt8](count: count * part.count * width) { span throws(SmithError) in
        try stored((first * rows + part.lowerBound) * width, &span)
      }
      for column in 0..<count {
        let target = order.next()
        for row in block {
          let from = (column * part.count + row - part.lowerBound) * width
          let to = ((row - block.lowerBound) * columns + target) * width
          for byte in 0..<width { bytes[to + byte] = piece[from + byte] }
        }
      }
    }
    return bytes
  }
}

/// For one stored column after the other, its place in a row.
private struct ColumnOrder {
  private let shape: [Int]
  private let strides: [Int]
  private var index: [Int]
  private var place = 0

  init(_ shape: [Int]) {
    self.shape = shape
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    self.strides = strides
    index = [Int](repeating: 0, count: shape.count)
  }

  mutating func next() -> Int {
    defer {
      for axis in shape.indices {
        index[axis] += 1
        place += strides[axis]
        if index[axis] < shape[axis] { break }
        place -= index[axis] * strides[axis]
        index[axis] = 0
      }
    }
    return place
  }
}
