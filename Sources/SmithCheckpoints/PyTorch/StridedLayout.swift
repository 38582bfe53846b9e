import SmithBytes

/// Where a tensor's elements are in its storage: element i at `offset + Σ index·stride`, in elements. Strides are never negative; 0
/// repeats an element.
struct StridedLayout: Hashable, Sendable {
  static let maxRank = 64

  var offset: Int
  var shape: [Int]
  var strides: [Int]

  /// Row-major, without gaps.
  init(shape: [Int]) {
    offset = 0
    self.shape = shape
    strides = shape
    var stride = 1
    for index in shape.indices.reversed() {
      strides[index] = stride
      stride = stride &* max(1, shape[index])
    }
  }

  /// `.malformed` for negative numbers or unequal ranks.
  init(offset: Int, shape: [Int], strides: [Int]) throws(SmithError) {
    guard shape.count == strides.count else {
      throw SmithError(.malformed, "\(shape.count) dimensions and \(strides.count) strides")
    }
    guard shape.count <= Self.maxRank else {
      throw SmithError(.limit, "\(shape.count) dimensions")
    }
    guard offset >= 0, !strides.contains(where: { $0 < 0 }) else {
      throw SmithError(.malformed, "a negative offset or stride")
    }
    _ = try shape.elementCount()
    self.offset = offset
    self.shape = shape
    self.strides = strides
  }

  var isEmpty: Bool { shape.contains(0) }

  /// One past the last element it touches; 0 where there is none. `.limit` where it leaves 64 bits.
  func end() throws(SmithError) -> Int {
    if isEmpty { return 0 }
    var last = offset
    for (size, stride) in zip(shape, strides) {
      last = try last.adding(checked: try (size - 1).multiplied(checked: stride))
    }
    return try last.adding(checked: 1)
  }

  /// The same elements in the same order with as few dimensions as possible. One dimension of stride 1, or none, is contiguous.
  var coalesced: StridedLayout {
    var merged = self
    merged.shape = []
    merged.strides = []
    for (size, stride) in zip(shape, strides) where size != 1 {
      if let outer = merged.strides.last, let count = merged.shape.last, outer == stride &* size {
        merged.shape[merged.shape.count - 1] = count &* size
        merged.strides[merged.strides.count - 1] = stride
      } else {
        merged.shape.append(size)
        merged.strides.append(stride)
      }
    }
    return merged
  }

  /// Whether its elements stand one after the other in the storage.
  var isContiguous: Bool {
    let merged = coalesced
    return isEmpty || merged.shape.isEmpty || merged.strides == [1]
  }
}
