/// The records of an archive that is written.
extension ZipLayout {
  /// The local header with its CRC still 0, up to the content.
  static func localHeader(
    _ member: Member, at offset: Int, _ style: ZipStyle
  ) throws(SmithError) -> [UInt8] {
    guard member.name.utf8.count <= ZipEntry.maxNameBytes else {
      throw SmithError(.limit, "a member name of more than \(ZipEntry.maxNameBytes) bytes")
    }
    let size = try member.head.count.adding(checked: member.dataCount)
    do throws(SmithError) {
      try ZipEntry(
        name: member.name, method: .stored, flags: 0, crc32: 0, compressedSize: size, size: size,
        headerOffset: offset, limit: 0
      ).check()
    } catch { throw SmithError(.refused, error.detail, remedy: "another tensor name") }
    var extra = localZip64(size, at: offset, style)
    if style.dataAlignment > 1 {
      let unpadded =
        try offset.adding(checked: ZipLocalHeader.fixedSize) + member.name.utf8.count + extra.count
      let start = try unpadded.adding(checked: 4)
      let padding = (style.dataAlignment - start % style.dataAlignment) % style.dataAlignment
      extra += [UInt8(ascii: "F"), UInt8(ascii: "B")]
      extra.append(littleEndian: UInt16(padding))
      extra += repeatElement(UInt8(ascii: "Z"), count: padding)
    }
    var header: [UInt8] = []
    header.append(littleEndian: ZipSignature.local)
    header.append(littleEndian: style.needed)
    header.append(littleEndian: style.flags(member))
    header.append(littleEndian: ZipEntry.Method.stored.rawValue)
    header.append(littleEndian: UInt16(0))
    header.append(littleEndian: style.date)
    header.append(littleEndian: UInt32(0))
    let short: UInt32 = style.isStreamed ? 0 : .max
    header.append(littleEndian: short)
    header.append(littleEndian: short)
    header.append(littleEndian: UInt16(member.name.utf8.count))
    header.append(littleEndian: UInt16(extra.count))
    return header + Array(member.name.utf8) + extra
  }

  /// Both sizes; where they are in the descriptor, only what does not fit into 32 bits.
  private static func localZip64(_ size: Int, at offset: Int, _ style: ZipStyle) -> [UInt8] {
    // torch's zip library writes this before it knows what the member takes, and says 0.
    let sizes =
      style.isStreamed ? (size < style.longFrom ? [] : [size, 0]) : [size, size]
    let offsets = style.isStreamed && offset >= style.longFrom ? [offset] : []
    return zip64(sizes + offsets)
  }

  /// The extra field with these values, none for none.
  private static func zip64(_ values: [Int]) -> [UInt8] {
    if values.isEmpty { return [] }
    var field: [UInt8] = []
    field.append(littleEndian: UInt16(1))
    field.append(littleEndian: UInt16(8 * values.count))
    for value in values { field.append(littleEndian: UInt64(value)) }
    return field
  }

  /// Whether the member's descriptor and directory entry need 64 bits.
  private static func isLong(_ member: Member, at offset: Int, _ style: ZipStyle) -> Bool {
    member.size >= style.longFrom || offset >= style.longFrom
  }

  static func descriptorCount(_ member: Member, at offset: Int, _ style: ZipStyle) -> Int {
    if !style.isStreamed || member.size == 0 { return 0 }
    return isLong(member, at: offset, style) ? 24 : 16
  }

  func descriptor(_ member: Member, _ crc: UInt32, at offset: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    if Self.descriptorCount(member, at: offset, style) == 0 { return bytes }
    bytes.append(littleEndian: ZipSignature.descriptor)
    bytes.append(littleEndian: crc)
    for _ in 0..<2 {
      if Self.isLong(member, at: offset, style) {
        bytes.append(littleEndian: UInt64(member.size))
      } else {
        bytes.append(littleEndian: UInt32(member.size))
      }
    }
    return bytes
  }

  func centralEntry(_ member: Member, _ crc: UInt32, at offset: Int) -> [UInt8] {
    let longSize = member.size >= style.longFrom
    let longOffset = offset >= style.longFrom
    let extra = Self.zip64(
      (longSize ? [member.size, member.size] : []) + (longOffset ? [offset] : []))
    var entry: [UInt8] = []
    entry.append(littleEndian: ZipSignature.central)
    entry.append(littleEndian: style.madeBy)
    entry.append(littleEndian: style.needed)
    entry.append(littleEndian: style.flags(member))
    entry.append(littleEndian: ZipEntry.Method.stored.rawValue)
    entry.append(littleEndian: UInt16(0))
    entry.append(littleEndian: style.date)
    entry.append(littleEndian: crc)
    let short = longSize ? UInt32.max : UInt32(member.size)
    entry.append(littleEndian: short)
    entry.append(littleEndian: short)
    entry.append(littleEndian: UInt16(member.name.utf8.count))
    entry.append(littleEndian: UInt16(extra.count))
    // No comment, disk 0, binary.
    for _ in 0..<3 { entry.append(littleEndian: UInt16(0)) }
    entry.append(littleEndian: style.attributes)
    entry.append(littleEndian: longOffset ? UInt32.max : UInt32(offset))
    return entry + Array(member.name.utf8) + extra
  }

  func endRecords(directoryCount: Int) -> [UInt8] {
    let count = members.count
    var bytes: [UInt8] = []
    if style.alwaysLongEnd || count > 0xFFFF || directoryStart >= style.longFrom
      || directoryCount >= style.longFrom
    {
      let position = directoryStart + directoryCount
      bytes.append(littleEndian: ZipSignature.end64)
      bytes.append(littleEndian: UInt64(44))
      bytes.append(littleEndian: style.endMadeBy)
      bytes.append(littleEndian: UInt16(45))
      bytes.append(littleEndian: UInt64(0))
      for value in [count, count, directoryCount, directoryStart] {
        bytes.append(littleEndian: UInt64(value))
      }
      bytes.append(littleEndian: ZipSignature.locator64)
      bytes.append(littleEndian: UInt32(0))
      bytes.append(littleEndian: UInt64(position))
      bytes.append(littleEndian: UInt32(1))
    }
    bytes.append(littleEndian: ZipSignature.end)
    bytes.append(littleEndian: UInt32(0))
    for _ in 0..<2 { bytes.append(littleEndian: UInt16(min(count, 0xFFFF))) }
    bytes.append(littleEndian: UInt32(min(directoryCount, Int(UInt32.max))))
    bytes.append(littleEndian: UInt32(min(directoryStart, Int(UInt32.max))))
    bytes.append(littleEndian: UInt16(0))
    return bytes
  }
}
