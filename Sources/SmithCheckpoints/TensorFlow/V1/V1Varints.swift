import SmithBytes
import SmithTensors
import Synchronization

/// Decodes a run of packed varints to the bytes of their type, any elements on demand.
///
/// A varint has no fixed width, so where element 10^6 begins is only known once those before it were passed. The places found on
/// the way are kept, one for every 65,536 elements: reading a tensor slab by slab passes over it once.
final class V1Varints: Sendable {
  static let batch = 1 << 16
  /// What is fetched of the file at once, bytes.
  private static let chunkBytes = 256 << 10

  private let file: InputFile
  private let values: V1Values
  /// `marks[i]` is where element i · batch begins.
  private let marks: Mutex<[Int]>

  init(_ file: InputFile, _ values: V1Values) {
    self.file = file
    self.values = values
    marks = Mutex([values.range.lowerBound])
  }

  /// Fills `span` with the bytes `range` of the elements' own bytes. `.mismatch` for a number that its type cannot hold, or when
  /// the run ends before its last element or goes on behind it.
  func read(_ range: Range<Int>, into span: inout MutableRawSpan) throws(SmithError) {
    let width = values.dtype.width
    var first = range.lowerBound / width / Self.batch * Self.batch
    while first * width < range.upperBound {
      let end = min(values.elements, first + Self.batch)
      let bytes = try batch(first..<end)
      let part = range.clamped(to: (first * width)..<(end * width))
      span.copy(
        bytes, (part.lowerBound - first * width)..<(part.upperBound - first * width),
        to: part.lowerBound - range.lowerBound)
      first = end
    }
  }

  /// The bytes of one batch.
  private func batch(_ elements: Range<Int>) throws(SmithError) -> [UInt8] {
    let wanted = elements.lowerBound / Self.batch
    let (known, mark) = marks.withLock { marks in
      let index = min(wanted, marks.count - 1)
      return (index, marks[index])
    }
    var place = mark
    for index in known..<wanted {
      place = try decode(Self.batch, at: place) { _ in }
      note(place, index: index + 1)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(elements.count * values.dtype.width)
    let dtype = values.dtype
    place = try decode(elements.count, at: place) { value throws(SmithError) in
      try Self.append(value, dtype, to: &bytes)
    }
    if elements.upperBound < values.elements {
      note(place, index: wanted + 1)
    } else if place != values.range.upperBound {
      throw SmithError(
        .mismatch, "more values than the \(values.elements) of its shape",
        at: Place(file: file.path, offset: place))
    }
    return bytes
  }

  private func note(_ place: Int, index: Int) {
    marks.withLock { if index == $0.count { $0.append(place) } }
  }

  /// Hands `count` numbers on and returns where the next one begins.
  private func decode(
    _ count: Int, at start: Int, _ take: (UInt64) throws(SmithError) -> Void
  ) throws(SmithError) -> Int {
    var (left, place, value, shift) = (count, start, UInt64(0), UInt64(0))
    while left > 0 {
      let end = min(values.range.upperBound, place + Self.chunkBytes)
      guard place < end else {
        throw SmithError(
          .mismatch, "fewer values than the \(values.elements) of its shape",
          at: Place(file: file.path, offset: place))
      }
      let chunk = try file.bytes(place..<end)
      var index = 0
      while index < chunk.count, left > 0 {
        let byte = chunk[index]
        guard shift < 63 || byte <= 1 else {
          throw SmithError(
            .malformed, "a variable-length integer of more than 64 bits",
            at: Place(file: file.path, offset: place + index))
        }
        value |= UInt64(byte & 0x7F) << shift
        shift += 7
        index += 1
        if byte >= 0x80 { continue }
        do throws(SmithError) { try take(value) } catch {
          throw error.at(file: file.path, offset: place + index - 1)
        }
        (value, shift, left) = (0, 0, left - 1)
      }
      place += index
    }
    return place
  }

  /// The number in its type's width, low byte first.
  private static func append(
    _ value: UInt64, _ dtype: DType, to bytes: inout [UInt8]
  ) throws(SmithError) {
    let signed = Int64(bitPattern: value)
    let fits =
      switch dtype {
      case .bool: value <= 1
      case .i8: Int8(exactly: signed) != nil
      case .i16: Int16(exactly: signed) != nil
      case .i32: Int32(exactly: signed) != nil
      case .u8: value <= 0xFF
      case .u16, .f16, .bf16: value <= 0xFFFF
      case .u32: value <= 0xFFFF_FFFF
      default: true
      }
    guard fits else {
      throw SmithError(.mismatch, "\(signed) does not fit in \(dtype.rawValue)")
    }
    for shift in stride(from: 0, to: UInt64(dtype.bits), by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}
