import SmithBytes
import TestSupport
import Testing

/// What `zip_cases.py` puts into its members.
func zipContent(seed: Int, count: Int) -> [UInt8] {
  var state = seed
  return (0..<count).map { _ in
    state = (state * 1_103_515_245 + 12345) % (1 << 31)
    return UInt8(state >> 16 & 15)
  }
}

/// A zip archive field by field, so that each can lie.
struct RawZip {
  struct Member {
    var name: [UInt8]
    var data: [UInt8]
    var method: UInt16 = 0
    var flags: UInt16 = 0
    var crc: UInt32
    var size: UInt32
    var compressed: UInt32
    var extra: [UInt8] = []
    var disk: UInt16 = 0
    /// The central directory's offset of this member, where it shall not be the true one.
    var offset: UInt32?
    /// Changes the local header's copy.
    var local: (@Sendable (inout Member) -> Void)?

    init(_ name: String, _ data: [UInt8]) {
      self.name = Array(name.utf8)
      self.data = data
      crc = CRC32.of(data)
      size = UInt32(data.count)
      compressed = size
    }
  }

  var members: [Member]
  var count: UInt16?
  var directorySize: UInt32?
  var directoryOffset: UInt32?
  var disk: UInt16 = 0
  var gap: [UInt8] = []
  var directoryTail: [UInt8] = []
  var beforeEnd: [UInt8] = []
  var comment: [UInt8] = []
  var commentCount: UInt16?
  var tail: [UInt8] = []

  init(_ members: Member...) { self.members = members }

  var bytes: [UInt8] {
    var out: [UInt8] = []
    var offsets: [UInt32] = []
    for member in members {
      offsets.append(UInt32(out.count))
      var local = member
      member.local?(&local)
      out += [0x50, 0x4B, 3, 4, 20, 0]
      out += Self.common(local)
      out += local.name + local.extra + member.data
    }
    out += gap
    let start = out.count
    for (member, offset) in zip(members, offsets) {
      out += [0x50, 0x4B, 1, 2, 20, 0, 20, 0]
      out += Self.common(member)
      out += [0, 0]
      out.append(littleEndian: member.disk)
      out += [0, 0, 0, 0, 0, 0]
      out.append(littleEndian: member.offset ?? offset)
      out += member.name + member.extra
    }
    out += directoryTail
    let size = out.count - start
    out += beforeEnd + [0x50, 0x4B, 5, 6]
    out.append(littleEndian: disk)
    out.append(littleEndian: disk)
    out.append(littleEndian: count ?? UInt16(members.count))
    out.append(littleEndian: count ?? UInt16(members.count))
    out.append(littleEndian: directorySize ?? UInt32(size))
    out.append(littleEndian: directoryOffset ?? UInt32(start))
    out.append(littleEndian: commentCount ?? UInt16(comment.count))
    return out + comment + tail
  }

  /// Flags to lengths, which both headers have.
  private static func common(_ member: Member) -> [UInt8] {
    var out: [UInt8] = []
    out.append(littleEndian: member.flags)
    out.append(littleEndian: member.method)
    out += [0, 0, 0x21, 0]
    out.append(littleEndian: member.crc)
    out.append(littleEndian: member.compressed)
    out.append(littleEndian: member.size)
    out.append(littleEndian: UInt16(member.name.count))
    out.append(littleEndian: UInt16(member.extra.count))
    return out
  }
}

/// The members' contents, or the error that opening or reading gave.
func zipContents(_ bytes: [UInt8], in scratch: Scratch) throws(SmithError) -> [String: [UInt8]] {
  let path: String
  do { path = try scratch.write(bytes, as: "case.zip") } catch {
    throw SmithError(.io, "\(error)")
  }
  let archive = try ZipArchive(InputFile(path))
  var contents: [String: [UInt8]] = [:]
  for entry in archive.entries {
    contents[entry.name] = try archive.contents(of: entry, limit: 1 << 20)
  }
  return contents
}
