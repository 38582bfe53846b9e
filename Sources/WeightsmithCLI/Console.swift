import Synchronization
import Weightsmith

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Standard output and error. Every call writes whole lines, so the two keep their order.
enum Console {
  static func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  static func print(_ table: TextTable) { write(table.bytes[...], to: STDOUT_FILENO) }

  static func error(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  /// Why output was lost, if any was: a disk that is full. A reader that went away is no error of ours.
  static var failure: String? { lost.withLock { $0 } }

  private static let lost = Mutex<String?>(nil)

  /// Text as it is, without a line end.
  static func write(_ text: String, to descriptor: Int32 = STDOUT_FILENO) {
    write(Array(text.utf8)[...], to: descriptor)
  }

  private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) {
    var rest = bytes
    while !rest.isEmpty {
      let put = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
      if put < 0, errno == EINTR { continue }
      if put <= 0 {
        let code = errno
        if descriptor == STDOUT_FILENO, code != EPIPE {
          lost.withLock { $0 = String(cString: strerror(code)) }
        }
        return
      }
      rest = rest.dropFirst(put)
    }
  }

  static func print(_ json: JSON) { print(json.serialized(pretty: true, forTerminal: true)) }

  /// Whether a person watches standard error.
  static var hasTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}

/// `write(2)` under a name that the method above does not hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
