import Weightsmith

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Lines of standard input, as many at once as have come: whoever writes one and waits for its answer gets it, and a file is read in large pieces.
struct InputLines {
  /// The beginning of a line whose end has not come.
  private var rest: [UInt8] = []
  /// How many of its bytes are known to hold no end.
  private var searched = 0
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var isAtEnd = false

  /// The next lines without their ends; nil where there are no more.
  ///
  /// - Throws: `.io` for an input that cannot be read.
  mutating func next() throws(SmithError) -> [String]? {
    while !isAtEnd {
      let count = buffer.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0 {
        throw SmithError(.io, "standard input: " + String(cString: strerror(errno)))
      }
      guard count > 0 else {
        isAtEnd = true
        return rest.isEmpty ? nil : [Self.line(rest[...])]
      }
      rest += buffer[..<count]
      let lines = takeLines()
      if !lines.isEmpty { return lines }
    }
    return nil
  }

  private mutating func takeLines() -> [String] {
    var lines: [String] = []
    var start = 0
    while let end = rest[max(start, searched)...].firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(Self.line(rest[start..<end]))
      start = end + 1
    }
    rest.removeFirst(start)
    searched = rest.count
    return lines
  }

  /// What is no UTF-8 becomes U+FFFD.
  private static func line(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes, as: UTF8.self)
  }
}
