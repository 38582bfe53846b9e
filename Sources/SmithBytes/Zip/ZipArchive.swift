/// A zip archive opened over a file: the end records and the central directory are read, no member (formats §0.5).
///
/// The central directory is the truth; a local header is read and held against it when its member is. Members are stored or
/// deflated. Refused: names that stand twice or leave the folder, members that overlap, bytes before the archive, encryption,
/// other methods, several disks, and sizes that deflate cannot reach.
public struct ZipArchive: Sendable {
  public let file: InputFile
  /// In the order of their bytes.
  public let entries: [ZipEntry]
  private let positions: [String: Int]

  /// Errors carry the file and the byte, and the member's name where one is at fault.
  public init(_ file: InputFile) throws(SmithError) {
    do throws(SmithError) {
      entries = try ZipDirectory.entries(file)
    } catch { throw error.at(file: file.path) }
    self.file = file
    positions = Dictionary(
      uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
  }

  /// The member of this name.
  public subscript(_ name: String) -> ZipEntry? { positions[name].map { entries[$0] } }

  /// Whether a file that begins so may be a zip archive: a member's header, or an archive without any.
  public static func recognises(_ head: [UInt8]) -> Bool {
    head.starts(with: [0x50, 0x4B, 3, 4]) || head.starts(with: [0x50, 0x4B, 5, 6])
  }

  /// The file offsets of the member's bytes, compressed or not. Reads the local header; `.mismatch` where it contradicts the
  /// central directory, `.malformed` where the data would reach into the next member.
  public func dataRange(of entry: ZipEntry) throws(SmithError) -> Range<Int> {
    do throws(SmithError) {
      let start = try ZipLocalHeader.dataStart(of: entry, in: file)
      let end = try start.adding(checked: entry.compressedSize)
      guard end <= entry.limit else {
        throw SmithError(
          .malformed, "its data ends at \(end), what follows it begins at \(entry.limit)")
      }
      return start..<end
    } catch { throw error.at(file: file.path, offset: entry.headerOffset, item: entry.name) }
  }

  /// The member, ready to read from at any offset. Reads the local header.
  public func member(_ entry: ZipEntry) throws(SmithError) -> ZipMember {
    ZipMember(file: file, entry: entry, data: try dataRange(of: entry))
  }

  /// The whole content, its CRC-32 checked; `.limit` beyond `limit` bytes, before anything is allocated.
  public func contents(of entry: ZipEntry, limit: Int) throws(SmithError) -> [UInt8] {
    guard entry.size <= limit else {
      throw SmithError(
        .limit, "a member of \(entry.size) bytes, at most \(limit) are read",
        at: Place(file: file.path, offset: entry.headerOffset, item: entry.name))
    }
    let member = try member(entry)
    let bytes = try member.bytes(0..<entry.size)
    try member.check(crc32: CRC32.of(bytes))
    return bytes
  }
}
