import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An output that appears whole or not at all: everything is written into a hidden folder beside the destination and renamed at the end.
///
/// A value that is dropped without `commit` removes what it made. What a killed process leaves is the hidden folder, never a part of DST;
/// `removeAll` clears the folders of this process and is called on SIGINT and SIGTERM.
public final class AtomicOutput: Sendable {
  /// Whether DST becomes a folder with the files in it, or is the one file itself.
  public enum Shape: Hashable, Sendable { case folder, file }

  public let destination: String
  /// Where the files are written until `commit`.
  public let staging: String
  private let shape: Shape
  private let overwrite: Bool
  private let committed = Atomic<Bool>(false)

  private static let open = Mutex<Set<String>>([])

  /// `.cannotCreate` when DST exists and `overwrite` is false, or its folder does not take new entries.
  public init(_ destination: String, shape: Shape, overwrite: Bool) throws(SmithError) {
    try Self.check(destination, shape: shape, overwrite: overwrite)
    let trimmed = destination.parentFolder.appending(path: destination.lastComponent)
    self.destination = trimmed
    self.shape = shape
    self.overwrite = overwrite
    staging = trimmed.parentFolder.appending(
      path: ".\(trimmed.lastComponent).weightsmith-\(getpid())-\(UInt32.random(in: 0...UInt32.max))")
    guard mkdir(staging, 0o755) == 0 else { throw .fromErrno(errno, path: destination, creating: true) }
    let made = staging
    Self.open.withLock { _ = $0.insert(made) }
  }

  deinit {
    if !committed.load(ordering: .relaxed) { Self.remove(staging) }
    let made = staging
    Self.open.withLock { _ = $0.remove(made) }
  }

  /// Whether DST may be made: asked before any work, so that a long run does not end in "exists".
  public static func check(_ destination: String, shape: Shape, overwrite: Bool) throws(SmithError) {
    var status = stat()
    let place = Place(file: destination)
    guard stat(destination, &status) == 0 else { return }
    let isFolder = status.st_mode & S_IFMT == S_IFDIR
    if isFolder != (shape == .folder) {
      throw SmithError(.cannotCreate, isFolder ? "is a folder" : "is not a folder", at: place)
    }
    if isFolder, isEmpty(destination) { return }
    if !overwrite {
      throw SmithError(.cannotCreate, "exists already", at: place, remedy: "--overwrite, or another DST")
    }
  }

  public func path(_ name: String) -> String { staging.appending(path: name) }

  /// Makes the output visible under its name in one step. An old output that is replaced goes last.
  public func commit() throws(SmithError) {
    switch shape {
    case .file:
      let made = path(destination.lastComponent)
      guard rename(made, destination) == 0 else { throw .fromErrno(errno, path: destination, creating: true) }
      Self.remove(staging)
    case .folder:
      try replaceFolder()
    }
    committed.store(true, ordering: .relaxed)
    Self.synchronizeFolder(destination.parentFolder)
  }

  private func replaceFolder() throws(SmithError) {
    if rename(staging, destination) == 0 { return }
    guard overwrite, errno == ENOTEMPTY || errno == EEXIST else {
      throw .fromErrno(errno, path: destination, creating: true)
    }
    let old = staging + ".old"
    guard rename(destination, old) == 0 else { throw .fromErrno(errno, path: destination, creating: true) }
    guard rename(staging, destination) == 0 else {
      let code = errno
      _ = rename(old, destination)
      throw .fromErrno(code, path: destination, creating: true)
    }
    Self.remove(old)
  }

  /// Removes the hidden folders of every output of this process that is still open.
  public static func removeAll() {
    for folder in open.withLock({ $0 }) { remove(folder) }
  }

  private static func isEmpty(_ folder: String) -> Bool { FolderListing.names(in: folder).isEmpty }

  private static func synchronizeFolder(_ folder: String) {
    let descriptor = Self.openFolder(folder)
    if descriptor >= 0 {
      fsync(descriptor)
      close(descriptor)
    }
  }

  private static func openFolder(_ folder: String) -> Int32 {
    #if canImport(Glibc)
      Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    #else
      Darwin.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    #endif
  }

  /// Our own staging folders hold plain files and folders of one level only.
  private static func remove(_ folder: String) {
    for name in FolderListing.names(in: folder) {
      let path = folder.appending(path: name)
      if unlink(path) != 0 { remove(path) }
    }
    rmdir(folder)
  }
}
