/// Paths as text. Nothing here touches the file system.
extension String {
  /// Everything before the last slash; `.` where there is none.
  public var parentFolder: String {
    let trimmed = droppingTrailingSlashes
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  /// Everything after the last slash.
  public var lastComponent: String {
    let trimmed = droppingTrailingSlashes
    guard let slash = trimmed.lastIndex(of: "/") else { return String(trimmed) }
    return String(trimmed[trimmed.index(after: slash)...])
  }

  /// `self/name`.
  public func appending(path name: String) -> String {
    hasSuffix("/") ? self + name : "\(self)/\(name)"
  }

  /// Whether this is a bare file name: what a shard list inside a file may say (formats §1.5).
  public var isPlainFileName: Bool {
    !isEmpty && self != "." && self != ".."
      && !unicodeScalars.contains { $0 == "/" || $0 == "\\" || $0 == ":" || $0.value < 0x20 }
  }

  var droppingTrailingSlashes: Substring {
    var text = self[...]
    while text.count > 1, text.last == "/" { text.removeLast() }
    return text
  }
}
