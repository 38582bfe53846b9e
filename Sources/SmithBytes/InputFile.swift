#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file open for reading at any offset, from any thread. The descriptor closes with the last reference.
///
/// Reads copy (`pread`) instead of mapping: a file that shrinks while it is read is then an error and not a SIGBUS, and the
/// memory of a conversion is what its buffers hold, however large the model.
public final class InputFile: Sendable {
  public let path: String
  /// The size when it was opened, bytes.
  public let count: Int
  /// For a system call or a library that wants one; not to be closed.
  public let descriptor: Int32
  /// How many names (hard links) the file has.
  public let linkCount: Int

  /// `.notFound`, `.io` where the system refuses it, `.unsupported` for what is no regular file.
  public convenience init(_ path: String) throws(SmithError) {
    // Without O_NONBLOCK the open of a named pipe waits for a writer, for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .fromErrno(errno, path: path) }
    try self.init(adopting: descriptor, path: path)
  }

  /// A file that is open already and is ours to close; `path` is for messages.
  public init(adopting descriptor: Int32, path: String) throws(SmithError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw .fromErrno(code, path: path)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw SmithError(.unsupported, "not a regular file", at: Place(file: path))
    }
    self.path = path
    self.count = Int(status.st_size)
    self.linkCount = Int(status.st_nlink)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Fills `span` with the bytes at `offset`; `.truncated` when the file has fewer.
  public func read(at offset: Int, into span: inout MutableRawSpan) throws(SmithError) {
    let wanted = span.byteCount
    guard offset >= 0, wanted <= count, offset <= count - wanted else {
      throw SmithError(
        .truncated, "\(wanted) bytes wanted, the file has \(count)",
        at: Place(file: path, offset: offset))
    }
    let result: Result<Void, SmithError> = span.withUnsafeMutableBytes { buffer in
      var done = 0
      while done < wanted {
        let got = pread(
          descriptor, buffer.baseAddress?.advanced(by: done), wanted - done, off_t(offset + done))
        if got < 0, errno == EINTR { continue }
        if got < 0 { return .failure(.fromErrno(errno, path: path)) }
        if got == 0 {
          return .failure(
            SmithError(
              .truncated, "the file shrank while it was read",
              at: Place(file: path, offset: offset + done)))
        }
        done += got
      }
      return .success(())
    }
    try result.get()
  }

  /// The bytes of `range`, as an array of that length; `.truncated` before anything is allocated.
  public func bytes(_ range: Range<Int>) throws(SmithError) -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= count else {
      throw SmithError(
        .truncated, "bytes up to \(range.upperBound) wanted, the file has \(count)",
        at: Place(file: path, offset: range.lowerBound))
    }
    return try [UInt8](count: range.count) { span throws(SmithError) in
      try read(at: range.lowerBound, into: &span)
    }
  }
}

extension SmithError {
  /// The error for a failed system call on `path`.
  public static func fromErrno(_ code: Int32, path: String, creating: Bool = false) -> SmithError {
    let text = String(cString: strerror(code))
    let place = Place(file: path)
    if creating { return SmithError(.cannotCreate, text, at: place) }
    return SmithError(code == ENOENT || code == ENOTDIR ? .notFound : .io, text, at: place)
  }
}
