import CKernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An output that appears whole or not at all: everything is written into a hidden folder beside the destination and renamed at the end.
///
/// A power cut is another matter. What replaces something is on the disk before it takes the name (`waitsForDisk`), for the old output
/// is gone then; a new output is left to the system to put there, as `cp` does, for its source still stands.
///
/// A value that is dropped without `commit` removes what it made. What a killed process leaves is the hidden folder, never a part of DST;
/// `removeAll` clears the folders of this process when a user stops it.
public final class AtomicOutput: Sendable {
  /// Whether DST becomes a folder with the files in it, or is the one file itself.
  public enum Shape: Hashable, Sendable { case folder, file }

  public let destination: String
  /// Where the files are written until `commit`.
  public let staging: String
  /// Whether files and names must have reached the disk when `commit` returns.
  public let waitsForDisk: Bool
  private let shape: Shape
  private let overwrite: Bool
  private let committed = Atomic<Bool>(false)

  private static let open = Mutex<Set<String>>([])

  /// `.cannotCreate` for what `check` refuses, and when the folder around DST does not take new entries. `synchronizes` waits for the
  /// disk although nothing is replaced.
  public init(
    _ destination: String, shape: Shape, overwrite: Bool, synchronizes: Bool = false
  ) throws(SmithError) {
    try Self.check(destination, shape: shape, overwrite: overwrite)
    let name = destination.lastComponent
    let trimmed = destination.parentFolder.appending(path: name)
    self.destination = trimmed
    self.shape = shape
    self.overwrite = overwrite
    waitsForDisk = synchronizes || access(trimmed, F_OK) == 0
    staging = trimmed.parentFolder.appending(
      path:
        ".\(String(decoding: name.utf8.prefix(40), as: UTF8.self)).weightsmith-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    )
    let made = staging
    // Under the lock, so that `removeAll` misses none that exists.
    let code = Self.open.withLock { open in
      guard mkdir(made, 0o755) == 0 else { return errno }
      open.insert(made)
      return 0
    }
    guard code == 0 else { throw .fromErrno(code, path: destination, creating: true) }
  }

  deinit {
    if !committed.load(ordering: .relaxed) { Self.remove(staging) }
    let made = staging
    Self.open.withLock { _ = $0.remove(made) }
  }

  /// Whether DST may be made: asked before any work, so that a long run does not end in "exists".
  ///
  /// `.cannotCreate` when it exists and `overwrite` is false, is of the other shape, or is a folder that no output of ours can have
  /// been: one with folders in it. What is overwritten is gone, and a wrong DST must not cost a user his work.
  public static func check(_ destination: String, shape: Shape, overwrite: Bool) throws(SmithError)
  {
    var status = stat()
    let place = Place(file: destination.isEmpty ? "\"\"" : destination)
    if ["", ".", "..", "/"].contains(destination.lastComponent) {
      throw SmithError(
        .cannotCreate, "cannot be replaced as a whole", at: place,
        remedy: "a name for DST inside it")
    }
    if shape == .folder, FolderListing.isLink(destination) {
      throw SmithError(
        .cannotCreate, "is a link", at: place, remedy: "the folder it leads to as DST")
    }
    guard stat(destination, &status) == 0 else { return }
    let isFolder = status.st_mode & S_IFMT == S_IFDIR
    if isFolder != (shape == .folder) {
      throw SmithError(.cannotCreate, isFolder ? "is a folder" : "is not a folder", at: place)
    }
    if isFolder, isEmpty(destination) { return }
    if !overwrite {
      throw SmithError(
        .cannotCreate, "exists already", at: place, remedy: "--overwrite, or another DST")
    }
    if isFolder,
      let inner = FolderListing.names(in: destination).first(where: {
        FolderListing.isFolder(destination.appending(path: $0))
      })
    {
      throw SmithError(
        .cannotCreate, "holds the folder \(inner), which is no output of ours: not overwritten",
        at: place, remedy: "another DST, or remove it yourself")
    }
  }

  public func path(_ name: String) -> String { staging.appending(path: name) }

  /// Makes the output visible under its name in one step. An old output that is replaced goes last.
  ///
  /// Where it waits for the disk, the files in it were synchronized by their writers; here follow the folder's own entries, then the
  /// rename, then the entry of DST: after a power cut there is the old output or the new one.
  public func commit() throws(SmithError) {
    if waitsForDisk { Self.synchronizeFolder(staging) }
    // `removeAll` must not come between the steps.
    let code = Self.open.withLock { _ in shape == .file ? moveFile() : moveFolder() }
    guard code == 0 else { throw .fromErrno(code, path: destination, creating: true) }
    committed.store(true, ordering: .relaxed)
    if waitsForDisk { Self.synchronizeFolder(destination.parentFolder) }
    Self.remove(staging)
  }

  /// 0, or the error number of the step that failed.
  private func moveFile() -> Int32 {
    rename(path(destination.lastComponent), destination) == 0 ? 0 : errno
  }

  /// After it the staging folder is gone, or holds the old output.
  private func moveFolder() -> Int32 {
    if rename(staging, destination) == 0 { return 0 }
    guard overwrite, errno == ENOTEMPTY || errno == EEXIST else { return errno }
    if ws_exchange(staging, destination) == 0 { return 0 }
    // A file system that cannot exchange two names: for a moment there is none at DST.
    let old = staging + ".old"
    guard rename(destination, old) == 0 else { return errno }
    guard rename(staging, destination) == 0 else {
      let code = errno
      _ = rename(old, destination)
      return code
    }
    _ = rename(old, staging)
    return 0
  }

  /// Removes the hidden folders of every output of this process that is still open. Other threads may still be writing into them, so
  /// it tries again while one is left, for a moment.
  public static func removeAll() {
    open.withLock { folders in
      for _ in 0..<50 {
        for folder in folders { remove(folder) }
        if !folders.contains(where: FolderListing.isFolder) { return }
        usleep(2000)
      }
    }
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

  /// What we make, and what `check` lets us replace, has no folders in it.
  private static func remove(_ folder: String) {
    for name in FolderListing.names(in: folder) { unlink(folder.appending(path: name)) }
    rmdir(folder)
  }
}
