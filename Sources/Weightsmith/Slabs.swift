import SmithModels

/// The row ranges in which a tensor is worked on: one for most, pieces of some megabytes for large tables, so that memory stays bounded.
struct Slabs: Sequence, Sendable {
  /// A tensor up to this size is one slab.
  static let wholeLimit = 32 << 20
  /// The size of a slab of a larger tensor.
  static let slabBytes = 8 << 20

  let rowCount: Int
  let rowsPerSlab: Int

  init(_ recipe: Recipe) {
    rowCount = recipe.rowCount
    rowsPerSlab =
      recipe.byteCount <= Self.wholeLimit
      ? Swift.max(1, rowCount) : Swift.max(1, Self.slabBytes / Swift.max(1, recipe.rowBytes))
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
