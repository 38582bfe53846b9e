import SmithBytes

/// How an array's elements lie in its chunks. All sizes in elements.
struct ZarrGrid: Sendable {
  /// The trailing axes that no chunk cuts are one axis here: rows then are as long as can be.
  let shape: [Int]
  let chunk: [Int]
  /// How many axes were joined to the last one.
  private let joined: Int
  private let isFortran: Bool
  /// What one step along an axis is in a chunk.
  private let strides: [Int]

  init(_ metadata: ZarrMetadata) {
    var (shape, chunk) = (metadata.shape, metadata.chunks)
    var joined = 0
    while shape.count > 1, !metadata.isFortran, shape.last == chunk.last {
      shape[shape.count - 2] *= shape.removeLast()
      chunk[chunk.count - 2] *= chunk.removeLast()
      joined += 1
    }
    // A scalar is one element of one axis.
    if shape.isEmpty { (shape, chunk, joined) = ([1], [1], 0) }
    (self.shape, self.chunk, self.joined) = (shape, chunk, joined)
    isFortran = metadata.isFortran
    var strides = chunk.map { _ in 1 }
    let axes = Array(metadata.isFortran ? Array(chunk.indices) : chunk.indices.reversed())
    for (axis, next) in zip(axes, axes.dropFirst()) { strides[next] = strides[axis] * chunk[axis] }
    self.strides = strides
  }

  /// The coordinates in a chunk's file name, `rank` many: a chunk is the only one along an axis that was joined.
  func name(_ coordinates: [Int], rank: Int, separator: String) -> String {
    if rank == 0 { return "0" }
    return (coordinates + [Int](repeating: 0, count: joined)).map { String($0) }
      .joined(separator: separator)
  }

  /// A box that holds every element of `range`: fixed along the leading axes, whole along the trailing ones.
  func box(_ range: Range<Int>) -> [Range<Int>] {
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

  /// The chunks that `box` touches, in order.
  func chunks(touching box: [Range<Int>]) -> [Range<Int>] {
    zip(box, chunk).map { range, size in
      (range.lowerBound / size)..<((range.upperBound - 1) / size + 1)
    }
  }

  /// One run of elements that follow each other in the array: where in the chunk it begins, the array's elements, and what one step in
  /// the array is in the chunk.
  struct Run {
    var chunkStart: Int
    var elements: Range<Int>
    var step: Int
  }

  /// Hands on the runs of a chunk that lie in `box` and in `range`.
  func forEachRun(
    of coordinates: [Int], in box: [Range<Int>], _ range: Range<Int>,
    _ body: (Run) throws(SmithError) -> Void
  ) throws(SmithError) {
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
