/// One member of a zip archive, as the central directory tells it.
public struct ZipEntry: Hashable, Sendable {
  public enum Method: UInt16, Hashable, Sendable {
    case stored = 0
    case deflate = 8
  }

  /// Relative, with `/` between its parts; ends in `/` for a folder.
  public let name: String
  public let method: Method
  /// The general purpose flags.
  public let flags: UInt16
  /// Of the content.
  public let crc32: UInt32
  /// Bytes in the archive.
  public let compressedSize: Int
  /// Bytes of the content.
  public let size: Int
  /// The offset of the local header in the file.
  public let headerOffset: Int
  /// Where the next member, or the central directory, begins: the end of what may belong to this one.
  public internal(set) var limit: Int

  public var isFolder: Bool { name.hasSuffix("/") }
}

extension ZipEntry {
  static let maxNameBytes = 4096
  /// Deflate cannot expand by more than 1032.
  static let maxRatio = 1100

  /// Sizes and a name that an honest archive may have.
  func check() throws(SmithError) {
    try Self.check(name: name)
    switch method {
    case .stored:
      guard compressedSize == size else {
        throw SmithError(
          .mismatch, "a stored member of \(size) bytes that takes \(compressedSize)")
      }
    case .deflate:
      guard size <= (try compressedSize.multiplied(checked: Self.maxRatio)) else {
        throw SmithError(
          .limit, "\(size) bytes out of \(compressedSize) deflated ones: more than deflate can")
      }
    }
    guard !isFolder || size == 0 else { throw SmithError(.malformed, "a folder with content") }
  }

  /// A name that means the same place to everyone. We extract nothing, but others may.
  private static func check(name: String) throws(SmithError) {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard !name.isEmpty, !name.utf8.contains(0), !name.utf8.contains(UInt8(ascii: "\\")),
      !name.hasPrefix("/"), !parts.contains(where: { $0.elementsEqual("..".utf8) })
    else { throw SmithError(.malformed, "a member name that is no relative path") }
  }
}
