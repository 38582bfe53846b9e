/// Snappy's raw block format (formats §0.4), decompression only.
public enum Snappy {
  /// No element yields more than 22 bytes of output per byte of input (a copy of 64 bytes takes 3).
  private static let maximumRatio = 22

  /// The bytes of the block that fills `block`, at most `limit` of them.
  ///
  /// `.limit` for a declared length beyond `limit`, or beyond what so few bytes can hold (before anything is allocated),
  /// `.truncated` where an element runs past the block, `.malformed` for a copy from before the start, and for output that is
  /// not exactly as long as declared.
  public static func decompress(_ block: ByteCursor, limit: Int) throws(SmithError) -> [UInt8] {
    var input = block
    let start = Place(offset: input.position)
    let declared = try input.varint()
    guard let count = Int(exactly: declared), count <= limit,
      count <= input.remaining * maximumRatio
    else {
      throw SmithError(
        .limit, "a Snappy block of \(input.remaining) bytes says it holds \(declared)", at: start)
    }
    var output: [UInt8] = []
    output.reserveCapacity(count)
    while !input.isAtEnd { try element(&input, &output, count) }
    guard output.count == count else {
      throw SmithError(
        .malformed, "a Snappy block holds \(output.count) bytes, not the \(count) it says",
        at: start)
    }
    return output
  }

  /// One literal or copy.
  private static func element(
    _ input: inout ByteCursor, _ output: inout [UInt8], _ count: Int
  ) throws(SmithError) {
    let place = Place(offset: input.position)
    let tag = Int(try input.byte())
    if tag & 3 == 0 {
      let length = try literalLength(tag, &input)
      let range = try input.take(length)
      try checkRoom(length, output, count, place)
      output += input.bytes[range]
      return
    }
    let length: Int
    let distance: Int
    switch tag & 3 {
    case 1:
      length = 4 + (tag >> 2) & 7
      distance = (tag >> 5) << 8 | Int(try input.byte())
    case 2:
      length = 1 + tag >> 2
      distance = Int(try input.littleEndian(UInt16.self))
    default:
      length = 1 + tag >> 2
      distance = Int(try input.littleEndian(UInt32.self))
    }
    try checkRoom(length, output, count, place)
    guard distance > 0, distance <= output.count else {
      throw SmithError(
        .malformed, "a Snappy copy from \(distance) bytes back, with \(output.count) written",
        at: place)
    }
    // One byte at a time: a copy may overlap what it writes, which repeats a pattern.
    for index in (output.count - distance)..<(output.count - distance + length) {
      output.append(output[index])
    }
  }

  private static func literalLength(
    _ tag: Int, _ input: inout ByteCursor
  ) throws(SmithError) -> Int {
    if tag >> 2 < 60 { return 1 + tag >> 2 }
    var length = 0
    for index in 0..<(tag >> 2 - 59) { length |= Int(try input.byte()) << (8 * index) }
    return length + 1
  }

  private static func checkRoom(
    _ length: Int, _ output: [UInt8], _ count: Int, _ place: Place
  ) throws(SmithError) {
    guard length <= count - output.count else {
      throw SmithError(.malformed, "a Snappy block holds more than it says", at: place)
    }
  }
}
