/// A zip archive of stored members whose sizes are known and whose content comes later: where everything goes, decided up front.
///
/// A member's content is a few bytes that are known now (an npy header, a whole small file) and then data that somebody else writes
/// at `dataStarts`. `pieces` are the local headers and those bytes; `finish` gives what needs the data's CRC-32. Same members, same
/// style, same data: same archive. Sizes and offsets beyond 4 GiB go into zip64 fields.
public struct ZipLayout: Sendable {
  public struct Member: Hashable, Sendable {
    public var name: String
    /// The beginning of the content.
    public var head: [UInt8]
    /// The bytes of content that follow `head`.
    public var dataCount: Int

    public init(name: String, head: [UInt8] = [], dataCount: Int = 0) {
      self.name = name
      self.head = head
      self.dataCount = dataCount
    }
  }

  /// Bytes at an offset of the archive.
  public struct Piece: Hashable, Sendable {
    public var offset: Int
    public var bytes: [UInt8]
  }

  public let style: ZipStyle
  public let members: [Member]
  /// Where each member's data goes, behind its `head`.
  public let dataStarts: [Int]
  /// The local headers with what follows them, in the order of the members.
  public let pieces: [Piece]
  /// Where the central directory begins.
  let directoryStart: Int

  /// `.refused` for names that our reader, and careful others, would not take; `.limit` for too many members.
  public init(_ members: [Member], style: ZipStyle) throws(SmithError) {
    guard members.count <= ZipDirectory.maxEntries else {
      throw SmithError(.limit, "\(members.count) members in a zip archive")
    }
    self.members = members
    self.style = style
    var starts: [Int] = []
    var pieces: [Piece] = []
    var names: Set<String> = []
    var offset = 0
    for member in members {
      do throws(SmithError) {
        guard names.insert(member.name).inserted else {
          throw SmithError(.refused, "the name of two members of a zip archive")
        }
        let header = try Self.localHeader(member, at: offset, style)
        pieces.append(Piece(offset: offset, bytes: header + member.head))
        starts.append(offset + header.count + member.head.count)
        offset = try offset.adding(checked: header.count + member.head.count)
          .adding(checked: member.dataCount)
          .adding(checked: Self.descriptorCount(member, at: offset, style))
      } catch { throw error.at(item: member.name) }
    }
    self.pieces = pieces
    dataStarts = starts
    directoryStart = offset
  }

  /// The CRC-32 fields or descriptors of the members, then the central directory and the end records. `checksums[i]` is the CRC-32 of
  /// member i's data, without its `head`; 0 where there is none.
  public func finish(checksums: [UInt32]) -> [Piece] {
    precondition(checksums.count == members.count)
    var finished: [Piece] = []
    var directory: [UInt8] = []
    for (index, member) in members.enumerated() {
      let head = CRC32.of(member.head)
      let crc = CRC32.combine(head, checksums[index], count: member.dataCount)
      let start = pieces[index].offset
      if style.isStreamed {
        let end = dataStarts[index] + member.dataCount
        finished.append(Piece(offset: end, bytes: descriptor(member, crc, at: start)))
      } else {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: crc)
        finished.append(Piece(offset: start + 14, bytes: bytes))
      }
      directory += centralEntry(member, crc, at: start)
    }
    directory += endRecords(directoryCount: directory.count)
    finished.append(Piece(offset: directoryStart, bytes: directory))
    return finished
  }
}

extension ZipLayout.Member {
  /// The bytes of content.
  var size: Int { head.count + dataCount }
}
