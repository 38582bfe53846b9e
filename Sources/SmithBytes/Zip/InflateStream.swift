import CZlib

/// Inflates a deflate stream out of a file from front to back, in pieces, never beyond the size it is said to have.
///
/// Used by one thread at a time: `ZipMember` hands it over whole.
public final class InflateStream: @unchecked Sendable {
  private static let windowBytes = 64 << 10

  private let file: InputFile
  private let data: Range<Int>
  /// The size of the content, bytes.
  private let count: Int
  /// How much of the content was given out.
  public private(set) var position = 0
  /// Whether all of it was, and the stream ended there.
  private(set) var isFinished = false
  private var window: [UInt8] = []
  private var windowOffset = 0
  private var next: Int
  /// On the heap: zlib remembers its address.
  private let stream: UnsafeMutablePointer<z_stream>
  private let status: Int32

  /// `data` is the stream in `file`, `count` the bytes that it must give.
  public init(file: InputFile, data: Range<Int>, count: Int, wrapper: Inflate.Wrapper = .raw) {
    self.file = file
    self.data = data
    self.count = count
    next = data.lowerBound
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    status = inflateInit2_(
      stream, wrapper.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  }

  deinit {
    if status == Z_OK { inflateEnd(stream) }
    stream.deallocate()
  }

  /// Moves forward to `offset`, throwing away what lies between.
  func skip(to offset: Int) throws(SmithError) {
    while position < offset {
      let step = min(offset - position, Self.windowBytes)
      _ = try [UInt8](count: step) { span throws(SmithError) in try read(into: &span) }
    }
  }

  /// The next `span.byteCount` bytes, which the content must have. With its last byte the stream must end.
  public func read(into span: inout MutableRawSpan) throws(SmithError) {
    guard status == Z_OK else { throw SmithError(.limit, "no memory to inflate with") }
    let wanted = span.byteCount
    var done = 0
    while done < wanted {
      let (produced, ended) = try step(into: &span, at: done)
      done += produced
      position += produced
      if ended, done < wanted || position < count {
        throw SmithError(
          .malformed, "deflated data of \(position) bytes, \(count) are declared")
      }
      if ended { isFinished = true }
    }
    if position == count, !isFinished { try expectEnd() }
    if isFinished, next < data.upperBound || windowOffset < window.count {
      throw SmithError(.malformed, "bytes after the end of deflated data")
    }
  }

  /// One call of zlib into the span from `start` on.
  private func step(
    into span: inout MutableRawSpan, at start: Int
  ) throws(SmithError) -> (produced: Int, ended: Bool) {
    try fill()
    // zlib counts in 32 bits.
    let room = min(span.byteCount - start, 1 << 30)
    let (result, produced) = span.withUnsafeMutableBytes { buffer in
      let out = buffer.baseAddress?.advanced(by: start).assumingMemoryBound(to: UInt8.self)
      return run(out, room)
    }
    return (produced, try check(result, progress: produced > 0))
  }

  /// After the last byte: the stream ends, and gives no byte more.
  private func expectEnd() throws(SmithError) {
    while !isFinished {
      try fill()
      var spare: UInt8 = 0
      let (result, produced) = run(&spare, 1)
      guard produced == 0 else {
        throw SmithError(.malformed, "deflated data of more than the \(count) bytes declared")
      }
      isFinished = try check(result, progress: false)
    }
  }

  private func run(_ out: UnsafeMutablePointer<UInt8>?, _ room: Int) -> (Int32, Int) {
    window.withUnsafeMutableBufferPointer { input in
      stream.pointee.next_in = input.baseAddress?.advanced(by: windowOffset)
      stream.pointee.avail_in = UInt32(input.count - windowOffset)
      stream.pointee.next_out = out
      stream.pointee.avail_out = UInt32(room)
      let result = inflate(stream, Z_NO_FLUSH)
      windowOffset = input.count - Int(stream.pointee.avail_in)
      return (result, room - Int(stream.pointee.avail_out))
    }
  }

  /// Whether the stream ended; an error for damage, and where neither input nor output moves.
  private func check(_ result: Int32, progress: Bool) throws(SmithError) -> Bool {
    switch result {
    case Z_STREAM_END: return true
    case Z_OK: return false
    case Z_BUF_ERROR where windowOffset == window.count && next < data.upperBound: return false
    case Z_BUF_ERROR:
      if progress { return false }
      throw SmithError(.malformed, "deflated data ends after \(position) of \(count) bytes")
    case Z_MEM_ERROR: throw SmithError(.limit, "no memory to inflate with")
    default:
      let message = stream.pointee.msg.map { String(cString: $0) } ?? ""
      if message == "incorrect data check" {
        throw SmithError(.checksum, "the checksum of deflated data does not match")
      }
      let text = message.isEmpty ? "" : " (\(message))"
      throw SmithError(.malformed, "not deflated data\(text)")
    }
  }

  /// Reads the next window once the last is used up.
  private func fill() throws(SmithError) {
    guard windowOffset == window.count, next < data.upperBound else { return }
    let end = min(next + Self.windowBytes, data.upperBound)
    window = try file.bytes(next..<end)
    windowOffset = 0
    next = end
  }
}
