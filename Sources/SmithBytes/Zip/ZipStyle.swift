/// How a producer fills the fields that the zip format leaves open; the same members then give the same archive, byte for byte.
public struct ZipStyle: Hashable, Sendable {
  /// `numpy.savez`: sizes in a zip64 field of every local header, dated 1980-01-01.
  public static let numpy = ZipStyle(
    dataAlignment: 1, isStreamed: false, madeBy: 0x032D, needed: 45, date: 0x0021,
    attributes: 0o600 << 16, longFrom: 0x8000_0000, alwaysLongEnd: false, endMadeBy: 45)

  /// `torch.save`: CRC and sizes behind the data, content at a multiple of 64, a zip64 end record always.
  public static let torch = ZipStyle(
    dataAlignment: 64, isStreamed: true, madeBy: 0, needed: 0, date: 0, attributes: 0,
    longFrom: 0xFFFF_FFFF, alwaysLongEnd: true, endMadeBy: 0x031E)

  /// The content of every member begins at a multiple of this, by an extra field `FB` full of `Z`; 1 for no such field.
  let dataAlignment: Int
  /// Whether CRC and sizes stand in a descriptor behind the data instead of in the local header.
  let isStreamed: Bool
  let madeBy: UInt16
  let needed: UInt16
  let date: UInt16
  let attributes: UInt32
  /// Sizes and offsets from here on go into zip64 fields.
  let longFrom: Int
  let alwaysLongEnd: Bool
  let endMadeBy: UInt16

  /// Empty content has no descriptor.
  func flags(_ member: ZipLayout.Member) -> UInt16 {
    if isStreamed { return ZipFlag.utf8 | (member.size == 0 ? 0 : ZipFlag.descriptor) }
    return member.name.utf8.allSatisfy { $0 < 0x80 } ? 0 : ZipFlag.utf8
  }
}
