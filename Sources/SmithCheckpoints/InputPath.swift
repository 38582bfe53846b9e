import SmithBytes

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a user pointed at, looked at once: every format's `recognise` asks it.
public struct InputPath: Sendable {
  public enum Kind: Sendable { case file, folder, absent }

  public let path: String
  public let kind: Kind
  /// The first bytes of a file (at most 4096).
  public let head: [UInt8]
  /// The names in a folder, sorted; for a file or an absent prefix, the names in the folder around it.
  public let entries: [String]

  /// `.notFound` only when neither the path nor anything that begins with it exists.
  public init(_ path: String) throws(SmithError) {
    guard !path.isEmpty else {
      throw SmithError(.notFound, "an empty path", at: Place(file: "\"\""))
    }
    self.path = path
    var status = stat()
    if stat(path, &status) == 0 {
      if status.st_mode & S_IFMT == S_IFDIR {
        kind = .folder
        head = []
        entries = FolderListing.names(in: path)
      } else {
        kind = .file
        let file = try InputFile(path)
        head = try file.bytes(0..<min(file.count, 4096))
        entries = FolderListing.names(in: path.parentFolder)
      }
      return
    }
    // A loop of links, a folder that may not be searched: "no such file" would send the user the wrong way.
    if errno != ENOENT, errno != ENOTDIR { throw .fromErrno(errno, path: path) }
    kind = .absent
    head = []
    entries = FolderListing.names(in: path.parentFolder)
    let prefix = path.lastComponent
    guard !prefix.isEmpty, entries.contains(where: { $0.hasPrefix(prefix) }) else {
      throw SmithError(.notFound, "no such file or folder", at: Place(file: path))
    }
  }

  /// The folder that `entries` lists.
  public var folder: String { kind == .folder ? path : path.parentFolder }
}
