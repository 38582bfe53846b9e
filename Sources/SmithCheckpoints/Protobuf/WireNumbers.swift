import SmithBytes
import SmithTensors
import Synchronization

/// Decodes the numbers of a repeated field to the bytes of their type, any range of them on demand.
///
/// A varint has no fixed width, so where number 10^6 begins is only known once those before it were passed. The places found on
/// the way are kept, one for every 65,536 numbers: reading a tensor slab by slab passes over it once.
final class WireNumbers: Sendable {
  static let batch = 1 << 16

  /// A place between two numbers.
  private struct Mark {
    var run: Int
    var place: Int
  }

  private let file: InputFile
  private let runs: WireRuns
  /// How many there are.
  let count: Int
  /// What each is in memory.
  private let type: DType
  /// `marks[i]` is where number i · batch begins.
  private let marks: Mutex<[Mark]>

  /// `.mismatch` where the runs cannot be `count` numbers.
  init(_ file: InputFile, _ runs: WireRuns, count: Int, type: DType) throws(SmithError) {
    try runs.check(count: count)
    self.file = file
    self.runs = runs
    self.count = count
    self.type = type
    marks = Mutex([Mark(run: 0, place: runs.runs.first?.range.lowerBound ?? 0)])
  }

  /// Fills `span` with the bytes `range` of the numbers' own bytes. `.mismatch` for a number that its type cannot hold, or when
  /// the runs end before the last number or go on behind it.
  func read(_ range: Range<Int>, into span: inout MutableRawSpan) throws(SmithError) {
    let width = type.width
    var first = range.lowerBound / width / Self.batch * Self.batch
    while first * width < range.upperBound {
      let end = min(count, first + Self.batch)
      let bytes = try batch(first..<end)
      let part = range.clamped(to: (first * width)..<(end * width))
      span.copy(
        bytes, (part.lowerBound - first * width)..<(part.upperBound - first * width),
        to: part.lowerBound - range.lowerBound)
      first = end
    }
  }

  /// The bytes of one batch.
  private func batch(_ numbers: Range<Int>) throws(SmithError) -> [UInt8] {
    let wanted = numbers.lowerBound / Self.batch
    var (known, mark) = marks.withLock { marks in
      let index = min(wanted, marks.count - 1)
      return (index, marks[index])
    }
    while known < wanted {
      mark = try decode(Self.batch, at: mark) { _ in }
      known += 1
      note(mark, index: known)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(numbers.count * type.width)
    mark = try decode(numbers.count, at: mark) { value throws(SmithError) in
      try append(value, to: &bytes)
    }
    if numbers.upperBound < count {
      note(mark, index: wanted + 1)
    } else if mark.run < runs.runs.count - 1 || mark.place != runs.runs[mark.run].range.upperBound {
      throw SmithError(
        .mismatch, "more values than the \(count) of its shape",
        at: Place(file: file.path, offset: mark.place))
    }
    return bytes
  }

  private func note(_ mark: Mark, index: Int) {
    marks.withLock { if index == $0.count { $0.append(mark) } }
  }

  /// Hands `wanted` numbers on and returns where the next one begins.
  private func decode(
    _ wanted: Int, at start: Mark, _ take: (UInt64) throws(SmithError) -> Void
  ) throws(SmithError) -> Mark {
    var (left, mark) = (wanted, start)
    while left > 0 {
      guard mark.run < runs.runs.count else { throw tooFew(mark.place) }
      let run = runs.runs[mark.run]
      var cursor = ChunkCursor(file, mark.place..<run.range.upperBound)
      while left > 0, cursor.place < run.range.upperBound {
        if !run.isPacked { _ = try cursor.varint() }
        let place = cursor.place
        let value = try number(&cursor)
        do throws(SmithError) { try take(value) } catch {
          throw error.at(file: file.path, offset: place)
        }
        left -= 1
      }
      mark.place = cursor.place
      if mark.place == run.range.upperBound, mark.run + 1 < runs.runs.count {
        mark = Mark(run: mark.run + 1, place: runs.runs[mark.run + 1].range.lowerBound)
      } else if left > 0 {
        throw tooFew(mark.place)
      }
    }
    return mark
  }

  private func number(_ cursor: inout ChunkCursor) throws(SmithError) -> UInt64 {
    switch runs.form {
    case .varint: try cursor.varint()
    case .fixed32: try cursor.fixed(4)
    case .fixed64: try cursor.fixed(8)
    }
  }

  private func tooFew(_ place: Int) -> SmithError {
    SmithError(
      .mismatch, "fewer values than the \(count) of its shape",
      at: Place(file: file.path, offset: place))
  }

  /// The number in its type's width, low byte first.
  private func append(_ value: UInt64, to bytes: inout [UInt8]) throws(SmithError) {
    let signed = Int64(bitPattern: value)
    let fits =
      switch type {
      case .bool: value <= 1
      case .i8: Int8(exactly: signed) != nil
      case .i16: Int16(exactly: signed) != nil
      case .i32: Int32(exactly: signed) != nil
      case .i64, .u64, .f64: true
      default: type.bits == 64 || value >> UInt64(type.bits) == 0
      }
    guard fits else {
      throw SmithError(.mismatch, "\(signed) does not fit in \(type.rawValue)")
    }
    for shift in stride(from: 0, to: UInt64(type.bits), by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}

/// Steps through bytes of a file that are all wanted, fetched in large pieces.
private struct ChunkCursor {
  private static let chunkBytes = 256 << 10

  let file: InputFile
  let end: Int
  private var chunk: [UInt8] = []
  private var index = 0
  private var base: Int

  init(_ file: InputFile, _ range: Range<Int>) {
    (self.file, base, end) = (file, range.lowerBound, range.upperBound)
  }

  /// The file offset of the next byte.
  var place: Int { base + index }

  private mutating func byte() throws(SmithError) -> UInt8 {
    if index == chunk.count {
      base += index
      index = 0
      guard base < end else {
        throw SmithError(
          .malformed, "a number cut short", at: Place(file: file.path, offset: base))
      }
      chunk = try file.bytes(base..<min(end, base + Self.chunkBytes))
    }
    defer { index += 1 }
    return chunk[index]
  }

  mutating func varint() throws(SmithError) -> UInt64 {
    let start = place
    var value: UInt64 = 0
    for index in 0..<10 {
      let byte = try byte()
      if index == 9, byte > 1 { break }
      value |= UInt64(byte & 0x7F) << UInt64(7 * index)
      if byte < 0x80 { return value }
    }
    throw SmithError(
      .malformed, "a variable-length integer of more than 64 bits",
      at: Place(file: file.path, offset: start))
  }

  mutating func fixed(_ width: Int) throws(SmithError) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<width { value |= UInt64(try byte()) << UInt64(8 * index) }
    return value
  }
}
