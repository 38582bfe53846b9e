import SmithBytes

/// A box of elements in a larger row-major tensor: where it starts and how far it reaches in each dimension.
struct SliceBox: Hashable, Sendable {
  var start: [Int]
  var shape: [Int]

  /// Whether two boxes of one rank share an element. Rank 0 is one element, so two such boxes always do.
  func overlaps(_ other: SliceBox) -> Bool {
    for axis in start.indices {
      let low = max(start[axis], other.start[axis])
      let high = min(start[axis] + shape[axis], other.start[axis] + other.shape[axis])
      if low >= high { return false }
    }
    return true
  }

  /// Demands that `boxes`, each of which lies in `shape`, hold each of its elements exactly once: no two overlap, and together
  /// they have as many elements. `.malformed` where they do not.
  static func checkCover(of shape: [Int], by boxes: [SliceBox]) throws(SmithError) {
    let wanted = try shape.elementCount()
    var found = 0
    for box in boxes { found = try found.adding(checked: try box.shape.elementCount()) }
    guard found == wanted else {
      throw SmithError(
        .malformed, "slices hold \(found) elements of the \(wanted) of shape \(shape)")
    }
    try checkDisjoint(boxes.filter { !$0.shape.contains(0) }, rank: shape.count)
  }

  /// Sweeps along the axis with the most cuts, so that a box is compared only with those that reach as far.
  private static func checkDisjoint(_ boxes: [SliceBox], rank: Int) throws(SmithError) {
    let cuts = (0..<rank).map { axis in Set(boxes.map { $0.start[axis] }).count }
    // Rank 0 has one element, so one box: the count has decided.
    guard let axis = cuts.indices.max(by: { cuts[$0] < cuts[$1] }) else { return }
    var open: [SliceBox] = []
    for box in boxes.sorted(by: { $0.start[axis] < $1.start[axis] }) {
      open.removeAll { $0.start[axis] + $0.shape[axis] <= box.start[axis] }
      if let other = open.first(where: { $0.overlaps(box) }) {
        throw SmithError(
          .malformed,
          "slices overlap: \(other.shape) at \(other.start) and \(box.shape) at \(box.start)")
      }
      open.append(box)
    }
  }
}
