/// The header before a member's data. It repeats the central directory, which must agree, and says where the data begins.
enum ZipLocalHeader {
  static let fixedSize = 30

  static func dataStart(of entry: ZipEntry, in file: InputFile) throws(SmithError) -> Int {
    let start = entry.headerOffset
    let fixed = try file.bytes(start..<(start.adding(checked: fixedSize)))
    var cursor = ByteCursor(fixed, base: start)
    guard try cursor.littleEndian(UInt32.self) == ZipSignature.local else {
      throw SmithError(.malformed, "no local header")
    }
    _ = try cursor.take(2)
    let flags = try cursor.littleEndian(UInt16.self)
    let method = try cursor.littleEndian(UInt16.self)
    _ = try cursor.take(4)
    let crc = try cursor.littleEndian(UInt32.self)
    let compressed = try cursor.littleEndian(UInt32.self)
    let size = try cursor.littleEndian(UInt32.self)
    let nameCount = Int(try cursor.littleEndian(UInt16.self))
    let extraCount = Int(try cursor.littleEndian(UInt16.self))
    let dataStart = try start.adding(checked: fixedSize + nameCount + extraCount)
    guard dataStart <= entry.limit else {
      throw SmithError(.malformed, "a local header beyond what follows the member")
    }
    var rest = ByteCursor(try file.bytes((start + fixedSize)..<dataStart), base: start + fixedSize)
    let name = try rest.array(nameCount)
    guard name.elementsEqual(entry.name.utf8) else {
      throw SmithError(.mismatch, "the local header has another name")
    }
    guard method == entry.method.rawValue else {
      throw SmithError(.mismatch, "the local header has another method, \(method)")
    }
    // The writer may not have known CRC and sizes yet; then they are 0 here and follow the data.
    let isStreamed = flags & ZipFlag.descriptor != 0
    guard isStreamed == (entry.flags & ZipFlag.descriptor != 0),
      flags & ZipFlag.encrypted == entry.flags & ZipFlag.encrypted
    else { throw SmithError(.mismatch, "the local header has other flags") }
    guard crc == entry.crc32 || (isStreamed && crc == 0) else {
      throw SmithError(.mismatch, "the local header has another CRC-32")
    }
    var extra = try ZipExtra(rest)
    let sizes = (size: try extra.resolve(size), compressed: try extra.resolve(compressed))
    let agree = sizes.size == entry.size && sizes.compressed == entry.compressedSize
    guard agree || (isStreamed && sizes == (0, 0)) else {
      throw SmithError(
        .mismatch,
        "the local header says \(sizes.size) bytes in \(sizes.compressed), the central directory "
          + "\(entry.size) in \(entry.compressedSize)")
    }
    return dataStart
  }
}
