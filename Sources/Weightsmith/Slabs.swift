import SmithModels

/// The row ranges in which a tensor is worked on: pieces small enough to stay in the processor's cache between computing, checksum and
/// writing, so that memory is bounded and each byte is fetched once.
struct Slabs: Sequence, Sendable {
  static let slabBytes = 1 << 20

  let rowCount: Int
  let rowsPerSlab: Int

  init(_ recipe: Recipe) {
    rowCount = recipe.rowCount
    // Rows without bytes are one slab, however many a header claims.
    let rowBytes = recipe.workingRowBytes
    rowsPerSlab =
      rowBytes == 0 ? Swift.max(1, rowCount) : Swift.max(1, Self.slabBytes / rowBytes)
  }

  func makeIterator() -> AnyIterator<Range<Int>> {
    var next = 0
    return AnyIterator {
      guard next < rowCount else { return nil }
      let end = rowCount - next > rowsPerSlab ? next + rowsPerSlab : rowCount
      defer { next = end }
      return next..<end
    }
  }
}
