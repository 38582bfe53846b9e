import SmithBytes
import Synchronization

/// Reads chunks of one checkpoint's arrays. Decompressed ones are kept while there is room: a tensor is read in slabs, and a chunk
/// is larger than a slab.
final class ZarrChunks: Sendable {
  /// The folder that no chunk may leave, links resolved.
  private let root: String
  private let cache = Mutex(Cache())

  private struct Cache {
    var slots: [(path: String, slot: Slot)] = []
    var bytes = 0
  }

  /// A chunk that is decompressed once, by whoever comes first; others wait for it.
  private final class Slot: Sendable {
    let count: Int
    let bytes = Mutex<[UInt8]?>(nil)

    init(count: Int) { self.count = count }
  }

  init(root: String) { self.root = FolderListing.realPath(root) ?? root }

  /// The file of a chunk; nil where there is none. `.refused` for a link that leaves the checkpoint's folder.
  func file(_ path: String) throws(SmithError) -> InputFile? {
    guard let resolved = FolderListing.realPath(path) else {
      if FolderListing.isLink(path) { throw refused(path) }
      return nil
    }
    guard resolved.hasPrefix(root == "/" ? root : root + "/") else { throw refused(path) }
    return try InputFile(resolved)
  }

  private func refused(_ path: String) -> SmithError {
    SmithError(
      .refused, "a chunk that is a link out of the checkpoint's folder", at: Place(file: path),
      remedy: "copy the folder with its links followed")
  }

  /// The `count` bytes of a chunk, decompressed.
  func bytes(
    of file: InputFile, _ wrapper: Inflate.Wrapper?, count: Int
  ) throws(SmithError) -> [UInt8] {
    let slot = slot(file.path, count)
    let result: Result<[UInt8], SmithError> = slot.bytes.withLock { kept in
      if let kept { return .success(kept) }
      do throws(SmithError) {
        let bytes = try Self.decode(file, wrapper, count: count)
        kept = bytes
        return .success(bytes)
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  private static func decode(
    _ file: InputFile, _ wrapper: Inflate.Wrapper?, count: Int
  ) throws(SmithError) -> [UInt8] {
    do throws(SmithError) {
      guard let wrapper else {
        guard file.count == count else { throw wrongSize(file, count) }
        return try file.bytes(0..<count)
      }
      guard count / ZarrLimits.expansion <= file.count else {
        throw SmithError(
          .malformed, "a chunk of \(count) bytes, of which \(file.count) deflated ones are too few")
      }
      let stream = InflateStream(file: file, data: 0..<file.count, count: count, wrapper: wrapper)
      return try [UInt8](count: count) { span throws(SmithError) in try stream.read(into: &span) }
    } catch { throw error.at(file: file.path) }
  }

  static func wrongSize(_ file: InputFile, _ count: Int) -> SmithError {
    SmithError(
      file.count < count ? .truncated : .mismatch,
      "a chunk of \(file.count) bytes, \(count) expected", at: Place(file: file.path))
  }

  /// The slot of a chunk, moved to the end of the line; those at its head go where the bytes are too many.
  private func slot(_ path: String, _ count: Int) -> Slot {
    cache.withLock { cache in
      if let index = cache.slots.firstIndex(where: { $0.path == path }) {
        let found = cache.slots.remove(at: index)
        cache.slots.append(found)
        return found.slot
      }
      let slot = Slot(count: count)
      cache.bytes += count
      while cache.bytes > ZarrLimits.cacheBytes || cache.slots.count > 4096, !cache.slots.isEmpty {
        cache.bytes -= cache.slots.removeFirst().slot.count
      }
      cache.slots.append((path, slot))
      return slot
    }
  }
}
