import SmithBytes

/// The bytes of a pickle, front to back: an array, or a file of which no more is read than the pickle is long.
struct PickleInput {
  private static let windowBytes = 64 << 10

  private let file: InputFile?
  private var window: [UInt8]
  /// The file offset of `window[0]`.
  private var base: Int
  private var index = 0
  /// The file offset behind the last byte.
  private let end: Int

  /// `base` is the file offset of the first byte.
  init(_ bytes: [UInt8], base: Int = 0) {
    file = nil
    window = bytes
    self.base = base
    end = base + bytes.count
  }

  /// From `start` to the file's end.
  init(_ file: InputFile, from start: Int = 0) {
    self.file = file
    window = []
    base = start
    end = max(start, file.count)
  }

  /// The file offset of the next byte.
  var position: Int { base + index }
  var remaining: Int { end - position }

  mutating func byte() throws(SmithError) -> UInt8 {
    if index == window.count { try need(1) }
    defer { index += 1 }
    return window[index]
  }

  mutating func array(_ count: Int) throws(SmithError) -> [UInt8] {
    try need(count)
    defer { index += count }
    return Array(window[index..<(index + count)])
  }

  mutating func littleEndian<T: FixedWidthInteger>(_ type: T.Type) throws(SmithError) -> T {
    let count = T.bitWidth / 8
    try need(count)
    defer { index += count }
    var value: T = 0
    for offset in 0..<count {
      value |= T(truncatingIfNeeded: window[index + offset]) << T(truncatingIfNeeded: 8 * offset)
    }
    return value
  }

  /// An unsigned length, which the bytes left must hold.
  mutating func length<T: FixedWidthInteger & UnsignedInteger>(
    _ type: T.Type
  ) throws(SmithError) -> Int {
    try Int(checked: try littleEndian(type))
  }

  /// The text up to a line feed, which is consumed; `.limit` when it is longer than `limit` bytes.
  mutating func line(limit: Int) throws(SmithError) -> String {
    var bytes: [UInt8] = []
    while true {
      let byte = try byte()
      if byte == 0x0A { break }
      guard bytes.count < limit else {
        throw SmithError(.limit, "a name of more than \(limit) bytes")
      }
      bytes.append(byte)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SmithError(.malformed, "a name that is not UTF-8")
    }
    return text
  }

  /// Makes the next `count` bytes stand in the window; `.truncated` before anything is allocated.
  private mutating func need(_ count: Int) throws(SmithError) {
    if count <= window.count - index { return }
    guard count <= remaining, let file else {
      throw SmithError(.truncated, "\(count) bytes wanted, \(remaining) left")
    }
    base += index
    index = 0
    window = try file.bytes(base..<min(end, base + max(count, Self.windowBytes)))
  }
}
