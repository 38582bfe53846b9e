/// The bytes around the place in a file that was read last: one window for all cursors of a walk, so that stepping from record
/// to record costs a system call every few KiB, and skipping a large value costs none.
///
/// Belongs to one thread.
public final class FileWindow {
  /// What is fetched at once, bytes.
  private static let windowBytes = 16 << 10

  public let file: InputFile
  private var bytes: [UInt8] = []
  private var start = 0

  public init(_ file: InputFile) { self.file = file }

  fileprivate func byte(at offset: Int) throws(SmithError) -> UInt8 {
    if offset < start || offset >= start + bytes.count {
      bytes = try file.bytes(offset..<min(file.count, offset + Self.windowBytes))
      start = offset
    }
    guard offset - start < bytes.count else {
      throw SmithError(.truncated, "1 byte wanted, the file ends", at: Place(offset: offset))
    }
    return bytes[offset - start]
  }

  fileprivate func array(_ range: Range<Int>) throws(SmithError) -> [UInt8] {
    if range.lowerBound >= start, range.upperBound <= start + bytes.count {
      return Array(bytes[(range.lowerBound - start)..<(range.upperBound - start)])
    }
    return try file.bytes(range)
  }
}

/// Reads values out of a range of a file, front to back, without loading the range: `ByteCursor` for files larger than memory.
///
/// Every read is checked against the bytes left in the range. Errors carry the file offset.
public struct FileCursor {
  public let window: FileWindow
  /// The file offset of the next byte.
  public private(set) var position: Int
  public let end: Int

  /// A range outside the file is cut at its end.
  public init(_ window: FileWindow, _ range: Range<Int>) {
    self.window = window
    end = min(range.upperBound, window.file.count)
    position = min(range.lowerBound, end)
  }

  /// The whole file.
  public init(_ file: InputFile) { self.init(FileWindow(file), 0..<file.count) }

  public var remaining: Int { end - position }
  public var isAtEnd: Bool { position == end }
  /// What is left.
  public var range: Range<Int> { position..<end }

  /// Moves past `count` bytes and returns their range in the file; `.truncated` when there are fewer.
  @discardableResult
  public mutating func take(_ count: Int) throws(SmithError) -> Range<Int> {
    guard count >= 0, count <= remaining else {
      throw SmithError(
        .truncated, "\(count) bytes wanted, \(remaining) left", at: Place(offset: position))
    }
    defer { position += count }
    return position..<(position + count)
  }

  /// The next `count` bytes in memory; the caller has checked that the count is reasonable.
  public mutating func array(_ count: Int) throws(SmithError) -> [UInt8] {
    try window.array(try take(count))
  }

  /// All that is left as a cursor in memory; `.limit` for more than `limit` bytes.
  public func loaded(atMost limit: Int) throws(SmithError) -> ByteCursor {
    guard remaining <= limit else {
      throw SmithError(
        .limit, "a record of \(remaining) bytes, at most \(limit) are read",
        at: Place(offset: position))
    }
    return ByteCursor(try window.array(range), base: position)
  }
}

extension FileCursor: WireCursor {
  public mutating func slice(_ count: Int) throws(SmithError) -> FileCursor {
    FileCursor(window, try take(count))
  }

  public mutating func byte() throws(SmithError) -> UInt8 {
    try window.byte(at: try take(1).lowerBound)
  }
}
