/// The central directory: every member's name, sizes and place, and that no two share a name or a byte.
enum ZipDirectory {
  static let maxEntries = 1_000_000
  /// The largest directory we read, bytes.
  static let maxBytes = 256 << 20
  /// What all deflated members may hold together, bytes.
  static let maxInflated = 1 << 40
  private static let fixedSize = 46

  /// The members in the order of their bytes.
  static func entries(_ file: InputFile) throws(SmithError) -> [ZipEntry] {
    let end = try ZipEnd(file)
    let size = end.directory.count
    guard end.count <= size / fixedSize else {
      throw SmithError(
        .malformed, "\(end.count) members in a central directory of \(size) bytes",
        at: Place(offset: end.directory.lowerBound))
    }
    guard end.count <= maxEntries, size <= maxBytes else {
      throw SmithError(
        .limit, "\(end.count) members in a central directory of \(size) bytes",
        at: Place(offset: end.directory.lowerBound))
    }
    var cursor = ByteCursor(try file.bytes(end.directory), base: end.directory.lowerBound)
    var entries: [ZipEntry] = []
    entries.reserveCapacity(end.count)
    var names: Set<String> = []
    var inflated = 0
    for _ in 0..<end.count {
      let start = cursor.position
      let entry = try entry(&cursor)
      guard names.insert(entry.name).inserted else {
        throw SmithError(
          .mismatch, "the member stands twice", at: Place(offset: start, item: entry.name))
      }
      if entry.method == .deflate { inflated = try inflated.adding(checked: entry.size) }
      entries.append(entry)
    }
    guard inflated <= maxInflated else {
      throw SmithError(.limit, "members that inflate to \(inflated) bytes")
    }
    guard cursor.isAtEnd else {
      throw SmithError(
        .malformed, "\(cursor.remaining) bytes in the central directory that are no member",
        at: Place(offset: cursor.position))
    }
    return try ordered(entries, directoryStart: end.directory.lowerBound)
  }

  private static func entry(_ cursor: inout ByteCursor) throws(SmithError) -> ZipEntry {
    let start = cursor.position
    do throws(SmithError) {
      guard try cursor.littleEndian(UInt32.self) == ZipSignature.central else {
        throw SmithError(.malformed, "no entry of the central directory")
      }
      _ = try cursor.take(4)
      let flags = try cursor.littleEndian(UInt16.self)
      let method = try cursor.littleEndian(UInt16.self)
      _ = try cursor.take(4)
      let crc = try cursor.littleEndian(UInt32.self)
      let compressed = try cursor.littleEndian(UInt32.self)
      let size = try cursor.littleEndian(UInt32.self)
      let nameCount = Int(try cursor.littleEndian(UInt16.self))
      let extraCount = Int(try cursor.littleEndian(UInt16.self))
      let commentCount = Int(try cursor.littleEndian(UInt16.self))
      let disk = try cursor.littleEndian(UInt16.self)
      _ = try cursor.take(6)
      let offset = try cursor.littleEndian(UInt32.self)
      guard nameCount <= ZipEntry.maxNameBytes else {
        throw SmithError(.limit, "a name of \(nameCount) bytes")
      }
      let name = try cursor.utf8(nameCount)
      do throws(SmithError) {
        var extra = try ZipExtra(try cursor.slice(extraCount))
        _ = try cursor.take(commentCount)
        try check(flags: flags, disk: disk)
        // In the zip64 field the sizes stand in this order, each only where its short form is full.
        let longSize = try extra.resolve(size)
        let entry = ZipEntry(
          name: name, method: try Self.method(method), flags: flags, crc32: crc,
          compressedSize: try extra.resolve(compressed), size: longSize,
          headerOffset: try extra.resolve(offset), limit: 0)
        try entry.check()
        return entry
      } catch { throw error.at(item: name) }
    } catch { throw error.at(offset: start) }
  }

  static func method(_ code: UInt16) throws(SmithError) -> ZipEntry.Method {
    guard let method = ZipEntry.Method(rawValue: code) else {
      throw SmithError(
        .unsupported, "compression method \(code)", remedy: "store or deflate the members")
    }
    return method
  }

  private static func check(flags: UInt16, disk: UInt16) throws(SmithError) {
    guard flags & (ZipFlag.encrypted | ZipFlag.strongEncryption | ZipFlag.maskedHeader) == 0 else {
      throw SmithError(.unsupported, "an encrypted member")
    }
    guard flags & ZipFlag.patch == 0 else { throw SmithError(.unsupported, "a patched member") }
    guard disk == 0 else { throw SmithError(.unsupported, "a member on another disk") }
  }

  /// Sorted by offset, each with the offset of the next as its limit; `.malformed` where one reaches into the next or the directory.
  private static func ordered(
    _ entries: [ZipEntry], directoryStart: Int
  ) throws(SmithError) -> [ZipEntry] {
    var entries = entries
    entries.sort { $0.headerOffset < $1.headerOffset }
    for index in entries.indices {
      let next = index + 1 < entries.count ? entries[index + 1].headerOffset : directoryStart
      let entry = entries[index]
      do throws(SmithError) {
        let end = try entry.headerOffset
          .adding(checked: ZipLocalHeader.fixedSize + entry.name.utf8.count)
          .adding(checked: entry.compressedSize)
        guard end <= next else {
          throw SmithError(
            .malformed,
            "its data ends at \(end) or later, what follows it begins at \(next)")
        }
      } catch { throw error.at(offset: entry.headerOffset, item: entry.name) }
      entries[index].limit = next
    }
    return entries
  }
}
