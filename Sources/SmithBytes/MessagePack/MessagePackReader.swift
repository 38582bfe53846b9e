/// One value of a MessagePack stream. Text and bytes are where they stand in the file; of containers only the count is read.
public enum MessagePackValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case unsigned(UInt64)
  /// Below zero.
  case negative(Int64)
  case float32(Float)
  case float64(Double)
  case string(Range<Int>)
  case binary(Range<Int>)
  /// So many values follow.
  case array(Int)
  /// So many pairs of key and value follow.
  case map(Int)
  case ext(code: Int8, Range<Int>)
}

/// Steps through MessagePack values in a range of a file, front to back, and past payloads without reading them.
///
/// It does not nest: a container is its head, and the caller counts what follows. So no input can make it recurse.
public struct MessagePackReader {
  private var cursor: FileCursor

  public init(_ cursor: FileCursor) { self.cursor = cursor }

  /// The file offset of the next value.
  public var position: Int { cursor.position }
  public var isAtEnd: Bool { cursor.isAtEnd }

  /// A reader of a payload's bytes.
  public func inside(_ range: Range<Int>) -> MessagePackReader {
    MessagePackReader(FileCursor(cursor.window, range))
  }

  /// The bytes of a payload that the caller knows to be small.
  public func bytes(_ range: Range<Int>) throws(SmithError) -> [UInt8] {
    var cursor = FileCursor(cursor.window, range)
    return try cursor.array(range.count)
  }

  /// A payload as text; `.limit` beyond `limit` bytes, `.malformed` where it is not UTF-8.
  public func text(_ range: Range<Int>, limit: Int) throws(SmithError) -> String {
    guard range.count <= limit else {
      throw SmithError(
        .limit, "text of \(range.count) bytes, at most \(limit) are read",
        at: Place(offset: range.lowerBound))
    }
    guard let text = String(validating: try bytes(range), as: UTF8.self) else {
      throw SmithError(.malformed, "text that is not UTF-8", at: Place(offset: range.lowerBound))
    }
    return text
  }

  /// The next value, its payload skipped. `.truncated` where a payload does not fit into what is left, or a container counts more
  /// values than there are bytes; `.malformed` for the one code that is none.
  public mutating func next() throws(SmithError) -> MessagePackValue {
    let start = position
    let code = try cursor.byte()
    switch code {
    case 0x00...0x7F: return .unsigned(UInt64(code))
    case 0x80...0x8F: return .map(try fitting(UInt64(code & 0x0F), bytesEach: 2))
    case 0x90...0x9F: return .array(try fitting(UInt64(code & 0x0F), bytesEach: 1))
    case 0xA0...0xBF: return .string(try payload(UInt64(code & 0x1F)))
    case 0xC0: return .null
    case 0xC2: return .bool(false)
    case 0xC3: return .bool(true)
    case 0xC4...0xC6: return .binary(try payload(try integer(1 << (code - 0xC4))))
    case 0xC7...0xC9: return try ext(try integer(1 << (code - 0xC7)))
    case 0xCA: return .float32(Float(bitPattern: UInt32(try integer(4))))
    case 0xCB: return .float64(Double(bitPattern: try integer(8)))
    case 0xCC...0xCF: return .unsigned(try integer(1 << (code - 0xCC)))
    case 0xD0...0xD3: return try signed(bytes: 1 << (code - 0xD0))
    case 0xD4...0xD8: return try ext(1 << UInt64(code - 0xD4))
    case 0xD9...0xDB: return .string(try payload(try integer(1 << (code - 0xD9))))
    case 0xDC, 0xDD: return .array(try count(2 << (code - 0xDC), bytesEach: 1))
    case 0xDE, 0xDF: return .map(try count(2 << (code - 0xDE), bytesEach: 2))
    case 0xE0...0xFF: return .negative(Int64(Int8(bitPattern: code)))
    default: throw SmithError(.malformed, "0xC1 is no MessagePack value", at: Place(offset: start))
    }
  }

  /// Big endian.
  private mutating func integer(_ bytes: Int) throws(SmithError) -> UInt64 {
    var value: UInt64 = 0
    for _ in 0..<bytes { value = value << 8 | UInt64(try cursor.byte()) }
    return value
  }

  private mutating func signed(bytes: Int) throws(SmithError) -> MessagePackValue {
    let unused = 64 - 8 * bytes
    let value = Int64(bitPattern: try integer(bytes) << UInt64(unused)) >> Int64(unused)
    return value < 0 ? .negative(value) : .unsigned(UInt64(value))
  }

  private mutating func payload(_ count: UInt64) throws(SmithError) -> Range<Int> {
    try cursor.take(try Int(checked: count))
  }

  private mutating func ext(_ count: UInt64) throws(SmithError) -> MessagePackValue {
    .ext(code: Int8(bitPattern: try cursor.byte()), try payload(count))
  }

  private mutating func count(_ width: Int, bytesEach: Int) throws(SmithError) -> Int {
    let count = try integer(width)
    return try fitting(count, bytesEach: bytesEach)
  }

  private func fitting(_ count: UInt64, bytesEach: Int) throws(SmithError) -> Int {
    guard count <= UInt64(cursor.remaining / bytesEach) else {
      throw SmithError(
        .truncated, "\(count) values or pairs in \(cursor.remaining) bytes",
        at: Place(offset: position))
    }
    return Int(count)
  }
}
