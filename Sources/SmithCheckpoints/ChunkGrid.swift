import SmithBytes

/// How an array's elements lie in chunks of one size, those at the edge stored whole. All sizes in elements.
struct ChunkGrid: Hashable, Sendable {
  /// The trailing axes that no chunk cuts are one axis here: rows then are as long as can be.
  let shape: [Int]
  let chunk: [Int]
  /// Chunks along each axis.
  let counts: [Int]
  /// How many axes were joined to the last one.
  let joined: Int
  /// What one step along an axis is in a chunk.
  private let strides: [Int]

  /// `shape` and `chunk` have one length, products that fit, and no 0. `isFortran` is the order within a chunk.
  init(shape: [Int], chunk: [Int], isFortran: Bool = false) {
    var (shape, chunk, joined) = (shape, chunk, 0)
    while shape.count > 1, !isFortran, shape.last == chunk.last {
      shape[shape.count - 2] *= shape.removeLast()
      chunk[chunk.count - 2] *= chunk.removeLast()
      joined += 1
    }
    // A scalar is one element of one axis.
    if shape.isEmpty { (shape, chunk, joined) = ([1], [1], 0) }
    (self.shape, self.chunk, self.joined) = (shape, chunk, joined)
    counts = zip(shape, chunk).map { ($0 - 1) / $1 + 1 }
    var strides = chunk.map { _ in 1 }
    let axes = isFortran ? Array(chunk.indices) : chunk.indices.reversed()
    for (axis, next) in zip(axes, axes.dropFirst()) { strides[next] = strides[axis] * chunk[axis] }
    self.strides = strides
  }

  /// Whether a chunk reaches past the shape.
  func isPartial(_ coordinates: [Int]) -> Bool {
    coordinates.indices.contains { (coordinates[$0] + 1) * chunk[$0] > shape[$0] }
  }

  /// The chunks that hold an element of `range` (not empty), and few others, in order.
  func chunks(holding range: Range<Int>) -> [Range<Int>] {
    zip(box(range), chunk).map { range, size in
      (range.lowerBound / size)..<((range.upperBound - 1) / size + 1)
    }
  }

  /// A box that holds every element of `range`: fixed along the leading axes, whole along the trailing ones.
  private func box(_ range: Range<Int>) -> [Range<Int>] {
    var box: [Range<Int>] = []
    var (low, high) = (range.lowerBound, range.upperBound - 1)
    var block = shape.reduce(1, *)
    var isOpen = false
    for size in shape {
      block /= size
      let (first, last) = (low / block, high / block)
      (low, high) = (low % block, high % block)
      box.append(isOpen ? 0..<size : first..<(last + 1))
      isOpen = isOpen || first != last
    }
    return box
  }

  /// One run of elements that follow each other in the array: where in the chunk it begins, the array's elements, and what one step in
  /// the array is in the chunk.
  struct Run {
    var chunkStart: Int
    var elements: Range<Int>
    var step: Int
  }

  /// Hands on the runs of a chunk that lie in `range`.
  func forEachRun(
    of coordinates: [Int], in range: Range<Int>, _ body: (Run) throws(SmithError) -> Void
  ) throws(SmithError) {
    let box = box(range)
    let origin = zip(coordinates, chunk).map(*)
    let part = box.indices.map { axis in
      box[axis].clamped(
        to: origin[axis]..<min(shape[axis], origin[axis] + chunk[axis]))
    }
    if part.contains(where: \.isEmpty) { return }
    let last = shape.count - 1
    var rows = Odometer(Array(part.dropLast()))
    while !rows.isDone {
      var (row, start) = (0, 0)
      for axis in 0..<last {
        row = row * shape[axis] + rows.current[axis]
        start += (rows.current[axis] - origin[axis]) * strides[axis]
      }
      let first = row * shape[last]
      let wanted = ((first + part[last].lowerBound)..<(first + part[last].upperBound))
        .clamped(to: range)
      if !wanted.isEmpty {
        let offset = wanted.lowerBound - first - origin[last]
        try body(
          Run(
            chunkStart: start + offset * strides[last], elements: wanted, step: strides[last]))
      }
      rows.advance()
    }
  }
}
