import SmithBytes
import SmithTensors

extension HDF5Dataset {
  /// Whether what is said of the dataset can be true of the file. Whoever reads it relies on this. A chunk that cannot be where it is
  /// said to be spoils its own dataset only, as damaged data would: it is refused when it is read.
  mutating func check(against raw: HDF5Raw) throws(SmithError) {
    if case .refused = layout { return }
    guard type.dtype.width > 0, type.size == type.dtype.width, info.encoding == .plain(type.dtype),
      type.size % type.swapWidth == 0, info.shape.count <= Self.maximumRank
    else { throw SmithError(.malformed, "a type that contradicts itself") }
    guard fillValue.count == type.size else {
      throw SmithError(.malformed, "a fill value of \(fillValue.count) bytes for \(type.size)")
    }
    switch layout {
    case .refused, .fill: break
    case .contiguous(let offset):
      guard raw.holds(offset, info.byteCount) else {
        throw SmithError(
          .truncated, "\(info.byteCount) bytes wanted, the file has \(raw.count)",
          at: Place(offset: offset))
      }
    case .compact(let bytes):
      guard bytes.count == info.byteCount else {
        throw SmithError(.malformed, "\(bytes.count) compact bytes for \(info.byteCount)")
      }
    case .chunked(let chunking, let index):
      guard chunking.shape == info.shape, chunking.elementSize == type.size, info.byteCount > 0
      else { throw SmithError(.malformed, "chunks of another shape") }
      do throws(SmithError) { try index.check(chunking, raw) } catch {
        let place = error.place.offset.map { "byte \($0): " } ?? ""
        layout = .refused(error.kind, place + error.detail)
      }
    }
  }
}
