import SmithBytes

/// Reads an array whose first dimension is fastest as one whose last is.
///
/// Element (r, c) with c over all later dimensions stands at c·rows + r. A range of rows needs a run of each column: the columns
/// are read one by one where the runs are long and far apart, otherwise many at once. Memory is one window.
struct FortranOrder {
  private static let windowBytes = 1 << 20
  /// Columns up to here are never worth a read each, bytes.
  private static let smallColumn = 4096

  let rows: Int
  /// The dimensions after the first.
  let rest: [Int]
  let width: Int

  /// `shape` has two dimensions at least; its size in bytes was checked.
  init(shape: [Int], width: Int) {
    rows = shape[0]
    rest = Array(shape.dropFirst())
    self.width = width
  }

  /// Fills `span` with the bytes from `offset` on, both multiples of `width`. `read` gives bytes of the array as it is stored.
  func read(
    at offset: Int, into span: inout MutableRawSpan,
    from read: (Int, inout MutableRawSpan) throws(SmithError) -> Void
  ) throws(SmithError) {
    if span.byteCount == 0 { return }
    let wanted = (offset / width)..<((offset + span.byteCount) / width)
    let columns = rest.reduce(1, &*)
    let first = wanted.lowerBound / columns
    let last = (wanted.upperBound - 1) / columns
    let run = last - first + 1
    let columnBytes = rows * width
    let isDense = run >= rows / 8 || columnBytes <= Self.smallColumn
    let atOnce = isDense ? max(1, Self.windowBytes / columnBytes) : 1
    var counter = Columns(rest)
    var column = 0
    while column < columns {
      let count = min(atOnce, columns - column)
      // From the first row wanted of the first column to the last one of the last.
      let elements = (count - 1) * rows + run
      let window = try [UInt8](count: elements * width) { piece throws(SmithError) in
        try read((column * rows + first) * width, &piece)
      }
      for index in 0..<count {
        let target = first * columns + counter.position
        scatter(
          window, from: index * rows, count: run, to: target, step: columns, wanted, into: &span)
        counter.advance()
      }
      column += count
    }
  }

  /// Copies elements that follow each other in `window` to every `step`-th element, those that are wanted.
  private func scatter(
    _ window: [UInt8], from start: Int, count: Int, to first: Int, step: Int,
    _ wanted: Range<Int>, into span: inout MutableRawSpan
  ) {
    let skipped = first < wanted.lowerBound ? 1 : 0
    let left = first + (count - 1) * step >= wanted.upperBound ? count - 1 : count
    guard skipped < left else { return }
    let source = (start + skipped) * width
    let target = (first + skipped * step - wanted.lowerBound) * width
    let strides = (source: width, target: step * width)
    window.withUnsafeBytes { from in
      span.withUnsafeMutableBytes { into in
        guard let source = from.baseAddress?.advanced(by: source),
          let target = into.baseAddress?.advanced(by: target)
        else { return }
        for index in 0..<(left - skipped) {
          target.advanced(by: index * strides.target).copyMemory(
            from: source.advanced(by: index * strides.source), byteCount: width)
        }
      }
    }
  }

  /// Counts columns in the order of the file, first dimension fastest, and knows their place in the other order.
  private struct Columns {
    private let extents: [Int]
    private let strides: [Int]
    private var indices: [Int]
    private(set) var position = 0

    init(_ extents: [Int]) {
      self.extents = extents
      var strides = Array(repeating: 1, count: extents.count)
      for axis in extents.indices.dropLast().reversed() {
        strides[axis] = strides[axis + 1] * extents[axis + 1]
      }
      self.strides = strides
      indices = Array(repeating: 0, count: extents.count)
    }

    mutating func advance() {
      for axis in extents.indices {
        indices[axis] += 1
        position += strides[axis]
        if indices[axis] < extents[axis] { return }
        position -= strides[axis] * extents[axis]
        indices[axis] = 0
      }
    }
  }
}
