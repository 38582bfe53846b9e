import Synchronization

/// The content of one member, read at any offset from any thread.
///
/// A stored member is read straight from the file. A deflated one is inflated from the front: ranges that follow each other cost
/// one pass, one before the last begins again. Memory is 64 KiB and zlib's window however large the member, and nothing of it once
/// the end is reached.
public final class ZipMember: Sendable {
  public let file: InputFile
  public let entry: ZipEntry
  /// The file offsets of its bytes, compressed or not.
  public let data: Range<Int>
  private let stream = Mutex<InflateStream?>(nil)

  init(file: InputFile, entry: ZipEntry, data: Range<Int>) {
    self.file = file
    self.entry = entry
    self.data = data
  }

  /// Fills `span` with the content from `offset` on. `.usage` for a range outside it, `.malformed` for data that does not inflate
  /// to the declared size.
  public func read(at offset: Int, into span: inout MutableRawSpan) throws(SmithError) {
    guard offset >= 0, span.byteCount <= entry.size, offset <= entry.size - span.byteCount else {
      throw error(.usage, "\(span.byteCount) bytes at \(offset) of \(entry.size)")
    }
    do throws(SmithError) {
      switch entry.method {
      case .stored: try file.read(at: data.lowerBound + offset, into: &span)
      case .deflate: try inflate(at: offset, into: &span)
      }
    } catch { throw error.at(file: file.path, offset: data.lowerBound, item: entry.name) }
  }

  /// The content of a range that lies inside it and that the caller may allocate.
  public func bytes(_ range: Range<Int>) throws(SmithError) -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= entry.size else {
      throw error(.usage, "bytes \(range) of \(entry.size)")
    }
    return try [UInt8](count: range.count) { span throws(SmithError) in
      try read(at: range.lowerBound, into: &span)
    }
  }

  /// Reads everything in pieces; `.checksum` where the CRC-32 is not the stored one.
  public func verifyChecksum() throws(SmithError) {
    var sum = CRC32()
    let step = 256 << 10
    // A pass of its own, so that a reader in the middle of the member is not sent back to its start.
    let pass = ZipMember(file: file, entry: entry, data: data)
    for start in stride(from: 0, to: entry.size, by: step) {
      sum.update(try pass.bytes(start..<min(start + step, entry.size)))
    }
    if entry.size == 0 { _ = try pass.bytes(0..<0) }
    try check(crc32: sum.value)
  }

  /// `.checksum` unless the content's CRC-32, taken by the caller, is the stored one.
  public func check(crc32 value: UInt32) throws(SmithError) {
    guard checksumsAgree(entry.crc32, value) else {
      throw error(.checksum, "the CRC-32 of its content does not match")
    }
  }

  /// Gives back what a read of the beginning keeps for the next one: an archive may have many members.
  public func letGo() { stream.withLock { $0 = nil } }

  private func inflate(at offset: Int, into span: inout MutableRawSpan) throws(SmithError) {
    // Taken out while it is used: a second thread starts a pass of its own instead of waiting.
    let kept = stream.withLock { kept in
      let taken = kept
      kept = nil
      return taken
    }
    var pass = kept ?? InflateStream(file: file, data: data, count: entry.size)
    if pass.position > offset {
      pass = InflateStream(file: file, data: data, count: entry.size)
    }
    try pass.skip(to: offset)
    try pass.read(into: &span)
    if !pass.isFinished {
      let rest = pass
      stream.withLock { $0 = rest }
    }
  }

  private func error(_ kind: SmithError.Kind, _ detail: String) -> SmithError {
    SmithError(
      kind, detail, at: Place(file: file.path, offset: data.lowerBound, item: entry.name))
  }
}
