import SmithBytes

/// The bytes of an HDF5 file: a whole file, or a part of one where it lies unpacked in an archive. Addresses count from its start.
struct HDF5Raw: Sendable {
  let file: InputFile
  let start: Int
  let count: Int

  init(_ file: InputFile) {
    self.file = file
    start = 0
    count = file.count
  }

  /// `.truncated` where the part leaves the file.
  init(_ file: InputFile, start: Int, count: Int) throws(SmithError) {
    guard start >= 0, count >= 0, count <= file.count, start <= file.count - count else {
      throw SmithError(
        .truncated, "\(count) bytes wanted, the file has \(file.count)",
        at: Place(file: file.path, offset: start))
    }
    self.file = file
    self.start = start
    self.count = count
  }

  var path: String { file.path }

  /// Whether `size` bytes at `offset` are inside.
  func holds(_ offset: Int, _ size: Int) -> Bool {
    offset >= 0 && size >= 0 && offset <= count && size <= count - offset
  }

  func read(at offset: Int, into span: inout MutableRawSpan) throws(SmithError) {
    guard holds(offset, span.byteCount) else {
      throw SmithError(
        .truncated, "\(span.byteCount) bytes wanted, the file has \(count)",
        at: Place(file: path, offset: offset))
    }
    try file.read(at: start + offset, into: &span)
  }

  func bytes(_ range: Range<Int>) throws(SmithError) -> [UInt8] {
    guard holds(range.lowerBound, range.count) else {
      throw SmithError(
        .truncated, "bytes up to \(range.upperBound) wanted, the file has \(count)",
        at: Place(file: path, offset: range.lowerBound))
    }
    return try file.bytes((start + range.lowerBound)..<(start + range.upperBound))
  }
}
