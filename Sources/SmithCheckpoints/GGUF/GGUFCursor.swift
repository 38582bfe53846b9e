import SmithBytes
import SmithTensors

/// Walks the header of a GGUF file through a window: a tokenizer's half a million strings are passed over without being held twice.
struct GGUFCursor: Sendable {
  /// The largest header we read, bytes: about eight times what the largest tokenizers take.
  static let maxHeaderBytes = 128 << 20
  private static let windowBytes = 256 << 10

  let file: InputFile
  private(set) var position = 0
  /// The file's byte order; values are always returned as numbers, arrays always little endian.
  var isBigEndian = false
  private var window: [UInt8] = []
  private var windowStart = 0

  init(_ file: InputFile) { self.file = file }

  /// Bytes from here to the end of the file.
  var remaining: Int { file.count - position }

  /// `.truncated` when the file has fewer than `count` bytes from here on, `.limit` when they leave the largest header.
  private func check(_ count: Int) throws(SmithError) {
    guard count <= remaining else {
      throw SmithError(
        .truncated, "\(count) bytes wanted, \(remaining) left", at: Place(offset: position))
    }
    guard count <= Self.maxHeaderBytes - position else {
      throw SmithError(
        .limit, "a header of more than \(Self.maxHeaderBytes) bytes", at: Place(offset: position))
    }
  }

  mutating func integer<T: FixedWidthInteger & UnsignedInteger>(
    _ type: T.Type
  ) throws(SmithError) -> T {
    let width = T.bitWidth / 8
    try check(width)
    if position + width > windowStart + window.count || position < windowStart {
      windowStart = position
      window = try file.bytes(position..<(position + min(remaining, Self.windowBytes)))
    }
    let start = position - windowStart
    var value: T = 0
    for index in 0..<width {
      let byte = window[start + (isBigEndian ? index : width - 1 - index)]
      value = value << 8 | T(byte)
    }
    position += width
    return value
  }

  mutating func skip(_ count: Int) throws(SmithError) {
    try check(count)
    position += count
  }

  mutating func bytes(_ count: Int) throws(SmithError) -> [UInt8] {
    try check(count)
    defer { position += count }
    return try file.bytes(position..<(position + count))
  }

  /// A length and as many bytes of UTF-8: `.malformed` for others.
  mutating func string() throws(SmithError) -> String {
    let start = position
    let length = try Int(checked: try integer(UInt64.self))
    let data = try bytes(length)
    guard let text = String(validating: data, as: UTF8.self) else {
      throw SmithError(.malformed, "text that is not UTF-8", at: Place(offset: start))
    }
    return text
  }

  /// An element type, a count, and the elements.
  mutating func array() throws(SmithError) -> MetadataArray {
    let start = position
    let number = try integer(UInt32.self)
    guard let kind = MetadataValue.Kind(gguf: number) else {
      throw SmithError(
        .unsupported, "an array of the unknown type \(number)", at: Place(offset: start))
    }
    guard kind != .array else {
      throw SmithError(.unsupported, "an array of arrays", at: Place(offset: start))
    }
    let count = try Int(checked: try integer(UInt64.self))
    let first = position
    // Before a loop over a count that the file cannot bear out: a string has at least its length.
    try check(try count.multiplied(checked: kind.width ?? 8))
    if let width = kind.width {
      try skip(count * width)
    } else {
      for _ in 0..<count { try skip(try Int(checked: try integer(UInt64.self))) }
    }
    return MetadataArray(kind: kind, count: count, bytes: try packed(first..<position, kind))
  }

  private func packed(
    _ range: Range<Int>, _ kind: MetadataValue.Kind
  ) throws(SmithError) -> [UInt8] {
    var bytes = try file.bytes(range)
    guard isBigEndian else { return bytes }
    if let width = kind.width {
      var span = bytes.mutableSpan
      var raw = span.mutableBytes
      raw.swapBytes(ofWidth: width)
      return bytes
    }
    // The walk has been over the same lengths; a file that changed meanwhile ends the loop early.
    var offset = 0
    while offset + 8 <= bytes.count {
      bytes[offset..<(offset + 8)].reverse()
      let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
      guard let next = Int(exactly: length), next <= bytes.count - offset - 8 else { break }
      offset += 8 + next
    }
    return bytes
  }
}
