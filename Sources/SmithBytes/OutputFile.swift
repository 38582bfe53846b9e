import CKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A new file, written at any offset from any thread.
public final class OutputFile: Sendable {
  public let path: String
  private let descriptor: Int32
  private let startsWriteback: Bool

  /// Creates the file; `.cannotCreate` when it exists or the folder does not take it. `startsWriteback` when `synchronize` will follow:
  /// the disk begins with the first bytes.
  public init(creating path: String, startsWriteback: Bool = false) throws(SmithError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .fromErrno(errno, path: path, creating: true) }
    self.path = path
    self.descriptor = descriptor
    self.startsWriteback = startsWriteback
  }

  deinit { close(descriptor) }

  /// Writes all of `bytes` at `offset`; `.io` when the disk is full.
  public func write(_ bytes: RawSpan, at offset: Int) throws(SmithError) {
    let result: Result<Void, SmithError> = bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let put = pwrite(
          descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done,
          off_t(offset + done))
        if put < 0, errno == EINTR { continue }
        if put <= 0 { return .failure(.fromErrno(put == 0 ? EIO : errno, path: path)) }
        done += put
      }
      return .success(())
    }
    try result.get()
    startWriteback(offset, bytes.byteCount)
  }

  /// Lets the disk begin while the next tensor is computed, so that `synchronize` has little left to wait for. A hint: its failure says
  /// nothing.
  private func startWriteback(_ offset: Int, _ count: Int) {
    #if canImport(Glibc)
      guard startsWriteback, count >= 1 << 20 else { return }
      ws_start_writeback(descriptor, Int64(offset), Int64(count))
    #endif
  }

  /// Takes the disk space of `count` bytes now, so that a disk too small is noticed before the work is done. `.io` when it is; nothing
  /// where the file system has no such call.
  public func reserve(_ count: Int) throws(SmithError) {
    #if canImport(Glibc)
      guard count > 0, ws_reserve(descriptor, Int64(count)) != 0 else { return }
      if errno == ENOSPC || errno == EFBIG || errno == EDQUOT {
        throw .fromErrno(errno, path: path)
      }
    #endif
  }

  /// Puts everything on the disk, so that a rename after it can be believed.
  public func synchronize() throws(SmithError) {
    guard fsync(descriptor) == 0 else { throw .fromErrno(errno, path: path) }
  }
}
