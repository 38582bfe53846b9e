/// A slice seen as rows that are contiguous both in the slice and in the whole tensor, in ascending order of both.
struct SliceRows {
  /// Bytes of one row.
  let byteCount: Int
  let count: Int
  private let outer: [Int]
  private let strides: [Int]
  private let origin: Int

  /// `box` lies in `shape`, whose elements take `width` bytes; no dimension of either is 0.
  init(_ box: SliceBox, in shape: [Int], width: Int) {
    var strides = [Int](repeating: width, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    // The last axis that the slice cuts: within it, and whole axes behind, elements follow each other.
    let cut = shape.indices.last { box.shape[$0] != shape[$0] } ?? 0
    byteCount = box.shape[cut...].reduce(width, *)
    outer = Array(box.shape[..<min(cut, shape.count)])
    count = outer.reduce(1, *)
    origin = zip(box.start, strides).reduce(0) { $0 + $1.0 * $1.1 }
    self.strides = strides
  }

  /// Where row `row` begins in the tensor, bytes.
  func offset(_ row: Int) -> Int {
    var rest = row
    var offset = origin
    for axis in outer.indices.reversed() {
      offset += rest % outer[axis] * strides[axis]
      rest /= outer[axis]
    }
    return offset
  }

  /// The rows that have a byte in `range` of the tensor.
  func touching(_ range: Range<Int>) -> Range<Int> {
    let low = firstRow { offset($0) + byteCount > range.lowerBound }
    return low..<max(low, firstRow { offset($0) >= range.upperBound })
  }

  /// The first row for which `holds`, which is false and then true; `count` if there is none.
  private func firstRow(where holds: (Int) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = low + (high - low) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
