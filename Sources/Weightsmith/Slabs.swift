import SmithModels

/// The row ranges in which a tensor is worked on: pieces small enough to stay in the processor's cache between computing, checksum and
/// writing, so that memory is bounded and each byte is fetched once.
struct Slabs: Sequence, Sendable {
  static let slabBytes = 1 << 20

  let rowCount: Int
  let rowsPerSlab: Int

  init(_ recipe: Recipe) {
    rowCount = recipe.rowCount
    rowsPerSlab = Swift.max(1, Self.slabBytes / Swift.max(1, recipe.rowBytes))
  }

  func makeIterator() -> AnyIterator<Range<Int>> {
    var next = 0
    return AnyIterator {
      guard next < rowCount else { return nil }
      defer { next += rowsPerSlab }
      return next..<Swift.min(rowCount, next + rowsPerSlab)
    }
  }
}
