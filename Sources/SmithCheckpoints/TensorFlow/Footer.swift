import SmithBytes

/// The last 48 bytes of a table file: where its two top blocks are, and the magic number (formats §2.2).
struct Footer: Hashable, Sendable {
  static let byteCount = 48
  static let magic: [UInt8] = [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]

  var metaindex: BlockHandle
  var index: BlockHandle

  init(metaindex: BlockHandle, index: BlockHandle) {
    self.metaindex = metaindex
    self.index = index
  }

  /// Parses 48 bytes that stand at `base` in the file.
  ///
  /// `.malformed` without the magic number, and for any other bytes than the two handles in their shortest form and zeros: the
  /// footer is the one part of the file without a checksum, so nothing in it may vary.
  init(_ bytes: [UInt8], base: Int) throws(SmithError) {
    guard bytes.count == Self.byteCount, bytes.suffix(8).elementsEqual(Self.magic) else {
      throw SmithError(
        .malformed, "no table footer at the end", at: Place(offset: base),
        remedy: "fetch the file again: it may have been cut short")
    }
    var cursor = ByteCursor(bytes, base: base)
    metaindex = try BlockHandle(&cursor)
    index = try BlockHandle(&cursor)
    guard encoded == bytes else {
      throw SmithError(.malformed, "stray bytes in the table footer", at: Place(offset: base))
    }
  }

  var encoded: [UInt8] {
    var bytes = metaindex.encoded + index.encoded
    bytes += [UInt8](repeating: 0, count: max(0, Self.byteCount - 8 - bytes.count))
    return bytes + Self.magic
  }

  /// Whether the file at `path` is there and ends as a table does; `.io` where it cannot be read.
  static func ends(_ path: String) throws(SmithError) -> Bool {
    do throws(SmithError) {
      let file = try InputFile(path)
      guard file.count >= byteCount else { return false }
      return try file.bytes((file.count - 8)..<file.count) == magic
    } catch {
      if error.kind == .io { throw error }
      return false
    }
  }
}
