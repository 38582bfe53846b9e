#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file of ours in the folder for temporary files, gone with the value.
public final class TemporaryFile: Sendable {
  public let path: String
  private let descriptor: Int32

  public init() throws(SmithError) {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((folder + "/weightsmith-XXXXXX").utf8CString)
    let made = mkstemp(&template)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard made >= 0 else { throw .fromErrno(errno, path: folder) }
    _ = fcntl(made, F_SETFD, FD_CLOEXEC)
    descriptor = made
  }

  public func write(_ bytes: [UInt8], at offset: Int) throws(SmithError) {
    var done = 0
    while done < bytes.count {
      let put = bytes.withUnsafeBytes {
        pwrite(
          descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset + done))
      }
      if put < 0, errno == EINTR { continue }
      guard put > 0 else { throw .fromErrno(put == 0 ? ENOSPC : errno, path: path) }
      done += put
    }
  }

  deinit {
    close(descriptor)
    unlink(path)
  }
}
