#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a folder holds.
public enum FolderListing {
  /// The names in a folder, sorted, without `.` and `..`; empty when it cannot be read.
  public static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// The path without links, `.` and `..`; nil where nothing stands.
  public static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Whether a regular file (through links) stands at the path.
  public static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// The size of the regular file (through links) at the path, bytes; nil where there is none.
  public static func fileSize(_ path: String) -> Int? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  /// Whether a folder itself, not a link to one, stands at the path.
  public static func isFolder(_ path: String) -> Bool { kind(path) == S_IFDIR }

  /// Whether a symbolic link stands at the path, wherever it leads.
  public static func isLink(_ path: String) -> Bool {
    kind(path.droppingTrailingSlashes) == S_IFLNK
  }

  private static func kind(_ path: some StringProtocol) -> mode_t? {
    var status = stat()
    return lstat(String(path), &status) == 0 ? status.st_mode & S_IFMT : nil
  }
}
