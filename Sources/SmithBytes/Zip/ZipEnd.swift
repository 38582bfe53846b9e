/// Where the central directory is: the end record, and the zip64 one where there is one.
struct ZipEnd {
  let count: Int
  let directory: Range<Int>

  /// The end record and a comment of the longest kind.
  private static let maxTail = 22 + 65_535

  /// `.malformed` where no end record closes the file, also when one stands in the comment of another; `.unsupported` for several disks.
  init(_ file: InputFile) throws(SmithError) {
    let tailStart = max(0, file.count - Self.maxTail - 20)
    let tail = try file.bytes(tailStart..<file.count)
    let end = tailStart + (try Self.endRecord(in: tail, base: tailStart))
    var cursor = ByteCursor(Array(tail[(end - tailStart)...]), base: end)
    _ = try cursor.take(4)
    let disk = try cursor.littleEndian(UInt16.self)
    let directoryDisk = try cursor.littleEndian(UInt16.self)
    let countHere = try cursor.littleEndian(UInt16.self)
    let short = Fields(
      count: UInt64(try cursor.littleEndian(UInt16.self)),
      size: UInt64(try cursor.littleEndian(UInt32.self)),
      offset: UInt64(try cursor.littleEndian(UInt32.self)))
    guard disk == 0, directoryDisk == 0, UInt64(countHere) == short.count else {
      throw SmithError(.unsupported, "a zip archive on several disks", at: Place(offset: end))
    }
    let locator =
      end - 20 >= tailStart ? Array(tail[(end - 20 - tailStart)..<(end - tailStart)]) : []
    let long = try Self.fields64(locator, at: end - 20, file)
    if let long, !short.agrees(with: long.fields) {
      throw SmithError(
        .mismatch, "the end record and its zip64 form disagree", at: Place(offset: end))
    }
    let fields = long?.fields ?? short
    count = try Int(checked: fields.count)
    directory = try Self.directory(fields, endingAt: long?.position ?? end)
  }

  private struct Fields {
    var count: UInt64
    var size: UInt64
    var offset: UInt64

    /// Each is the long one, or as large as it can be.
    func agrees(with long: Fields) -> Bool {
      (count == long.count || count == 0xFFFF) && (size == long.size || size == 0xFFFF_FFFF)
        && (offset == long.offset || offset == 0xFFFF_FFFF)
    }
  }

  /// The position in `tail` of the last end record, whose comment must reach the file's end: one hidden in a comment would show
  /// other readers another archive.
  private static func endRecord(in tail: [UInt8], base: Int) throws(SmithError) -> Int {
    var position = tail.count - 22
    while position >= 0 {
      if tail[position] == 0x50, tail[position + 1] == 0x4B, tail[position + 2] == 5,
        tail[position + 3] == 6
      {
        let comment = Int(tail[position + 20]) | Int(tail[position + 21]) << 8
        guard position + 22 + comment == tail.count else {
          throw SmithError(
            .malformed,
            "an end record with a comment of \(comment) bytes, which is not the file's end",
            at: Place(offset: base + position))
        }
        return position
      }
      position -= 1
    }
    throw SmithError(
      .truncated, "no end record of a zip archive: the file is cut short, or no zip archive")
  }

  private static func fields64(
    _ locator: [UInt8], at position: Int, _ file: InputFile
  ) throws(SmithError) -> (fields: Fields, position: Int)? {
    var cursor = ByteCursor(locator, base: position)
    guard cursor.remaining == 20, try cursor.littleEndian(UInt32.self) == ZipSignature.locator64
    else { return nil }
    let disk = try cursor.littleEndian(UInt32.self)
    let start = try Int(checked: try cursor.littleEndian(UInt64.self))
    let disks = try cursor.littleEndian(UInt32.self)
    // 0 disks is what some writers count.
    guard disk == 0, disks <= 1 else {
      throw SmithError(.unsupported, "a zip archive on several disks", at: Place(offset: position))
    }
    guard start <= position - 56 else {
      throw SmithError(
        .malformed, "the zip64 end record is said to be at \(start)", at: Place(offset: position))
    }
    do throws(SmithError) {
      let fields = try record64(
        ByteCursor(try file.bytes(start..<(start + 56)), base: start), position)
      return (fields, start)
    } catch { throw error.at(offset: start) }
  }

  private static func record64(
    _ bytes: ByteCursor, _ locator: Int
  ) throws(SmithError) -> Fields {
    var cursor = bytes
    guard try cursor.littleEndian(UInt32.self) == ZipSignature.end64 else {
      throw SmithError(.malformed, "no zip64 end record")
    }
    let size = try cursor.littleEndian(UInt64.self)
    guard size == UInt64(locator - cursor.position) else {
      throw SmithError(.malformed, "a zip64 end record that does not reach its locator")
    }
    _ = try cursor.take(4)
    let disk = try cursor.littleEndian(UInt32.self)
    let directoryDisk = try cursor.littleEndian(UInt32.self)
    let countHere = try cursor.littleEndian(UInt64.self)
    let fields = Fields(
      count: try cursor.littleEndian(UInt64.self), size: try cursor.littleEndian(UInt64.self),
      offset: try cursor.littleEndian(UInt64.self))
    guard disk == 0, directoryDisk == 0, countHere == fields.count else {
      throw SmithError(.unsupported, "a zip archive on several disks")
    }
    return fields
  }

  /// The directory lies right before the end records: nothing is hidden between, and no offset is shifted by bytes put before the
  /// archive.
  private static func directory(
    _ fields: Fields, endingAt end: Int
  ) throws(SmithError) -> Range<Int> {
    let offset = try Int(checked: fields.offset)
    let bound = try offset.adding(checked: try Int(checked: fields.size))
    guard bound == end else {
      throw SmithError(
        .malformed,
        "a central directory from \(offset) to \(bound), where the end records begin at \(end)")
    }
    return offset..<bound
  }
}
