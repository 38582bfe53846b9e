import SmithBytes

/// Reads elements of a strided tensor in row-major order, with bounded memory however they are spread.
///
/// The range wanted is cut into boxes, each box until what it spans in the storage is dense or small enough to be read at once. So a
/// transposed matrix is read in columns as long as the range allows, not element by element.
struct StridedReader {
  /// What one read takes at most, bytes.
  private static let maxWindow = 1 << 20
  /// Sparse windows are read whole up to here: a read costs about as much as copying so many bytes.
  private static let sparseWindow = 4 << 10
  /// Beyond that, at most so many bytes are read for each one wanted.
  private static let maxWaste = 4

  let bytes: StorageBytes
  let layout: StridedLayout
  /// Bytes of an element.
  let width: Int

  /// `layout` need not be coalesced.
  init(bytes: StorageBytes, layout: StridedLayout, width: Int) {
    self.bytes = bytes
    self.layout = layout.coalesced
    self.width = width
  }

  /// A part of the tensor: a range of every dimension, and where its first element goes in the output.
  private struct Box {
    var start: [Int]
    var extent: [Int]

    var count: Int { extent.reduce(1, &*) }
  }

  /// Fills `span` with the elements from `first` on, in row-major order.
  func read(from first: Int, into span: inout MutableRawSpan) throws(SmithError) {
    var element = first
    let end = first + span.byteCount / width
    while element < end {
      let box = box(at: element, before: end)
      try read(box, outputStart: first, into: &span)
      element += box.count
    }
  }

  /// The largest box that begins at an element, is whole in all dimensions behind one, and ends before `end`.
  private func box(at element: Int, before end: Int) -> Box {
    let rank = layout.shape.count
    var index = [Int](repeating: 0, count: rank)
    var rest = element
    for dimension in stride(from: rank - 1, through: 0, by: -1) {
      index[dimension] = rest % layout.shape[dimension]
      rest /= layout.shape[dimension]
    }
    // The outermost dimension behind which the element is a beginning and the rest fits.
    var inner = 1
    var best = rank
    var bestInner = 1
    for dimension in stride(from: rank - 1, through: 0, by: -1) {
      if element % inner == 0, inner <= end - element { (best, bestInner) = (dimension, inner) }
      inner *= layout.shape[dimension]
    }
    var extent = [Int](repeating: 1, count: rank)
    for dimension in 0..<rank where dimension > best { extent[dimension] = layout.shape[dimension] }
    if best < rank {
      extent[best] = min(layout.shape[best] - index[best], (end - element) / bestInner)
    }
    return Box(start: index, extent: extent)
  }

  private func read(
    _ whole: Box, outputStart: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    var pending = [whole]
    while let box = pending.popLast() {
      let (window, longest) = extents(of: box)
      if fits(window * width, box) {
        try copy(box, window, outputStart, into: &span)
      } else {
        let half = box.extent[longest] / 2
        var (low, high) = (box, box)
        low.extent[longest] = half
        high.start[longest] += half
        high.extent[longest] -= half
        pending += [high, low]
      }
    }
  }

  /// The elements from the box's first to its last in the storage, and the dimension that spreads them most.
  private func extents(of box: Box) -> (window: Int, longest: Int) {
    var (window, longest, most) = (1, 0, -1)
    for (dimension, extent) in box.extent.enumerated() {
      let spread = (extent - 1) * layout.strides[dimension]
      window += spread
      if spread > most { (longest, most) = (dimension, spread) }
    }
    return (window, longest)
  }

  private func fits(_ window: Int, _ box: Box) -> Bool {
    if window <= Self.sparseWindow || window == width { return true }
    return window <= Self.maxWindow && window / Self.maxWaste <= box.count * width
  }

  /// Reads the window of a box and puts its elements where they belong in the output.
  private func copy(
    _ box: Box, _ window: Int, _ outputStart: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    var first = layout.offset
    for (start, stride) in zip(box.start, layout.strides) { first += start * stride }
    let source = try [UInt8](count: window * width) { raw throws(SmithError) in
      try bytes.read(at: first * width, into: &raw)
    }
    let rank = layout.shape.count
    // Runs of the last dimension; the others are counted through.
    let run = rank == 0 ? 1 : box.extent[rank - 1]
    let step = rank == 0 ? 1 : layout.strides[rank - 1]
    var index = [Int](repeating: 0, count: rank)
    for _ in 0..<(box.count / max(1, run)) {
      var (from, to) = (0, 0)
      for dimension in 0..<rank {
        from += index[dimension] * layout.strides[dimension]
        to = to * layout.shape[dimension] + box.start[dimension] + index[dimension]
      }
      span.gather(
        source, from: from * width, step: step * width, count: run, width: width,
        to: (to - outputStart) * width)
      var dimension = rank - 2
      while dimension >= 0 {
        index[dimension] += 1
        if index[dimension] < box.extent[dimension] { break }
        index[dimension] = 0
        dimension -= 1
      }
    }
  }
}

extension MutableRawSpan {
  /// Copies `count` elements of `width` bytes, `step` bytes apart in `source`, side by side to `offset`.
  fileprivate mutating func gather(
    _ source: [UInt8], from start: Int, step: Int, count: Int, width: Int, to offset: Int
  ) {
    if step == width {
      return copy(source, start..<(start + count * width), to: offset)
    }
    for index in 0..<count {
      let from = start + index * step
      copy(source, from..<(from + width), to: offset + index * width)
    }
  }
}
