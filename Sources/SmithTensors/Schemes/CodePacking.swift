import CKernels
import SmithBytes

/// Codes of 2 to 8 bits in rows, packed and a byte each.
public enum CodePacking {
  /// Where the bits of a row's codes stand.
  public enum Order: String, Hashable, Sendable, Codable {
    /// One stream, the first code in the lowest bits of the first byte.
    case stream
    /// As many whole codes as fit into each word of 32 bits, the first in its lowest bits.
    case words
    /// Eight codes of four bits to a word of 32, in AWQ's order: code c of the eight in place [0, 4, 1, 5, 2, 6, 3, 7][c].
    case interleaved
  }

  /// The bytes of a row of codes as a stream, filled up to whole words of `wordBytes`.
  public static func rowBytes(
    columns: Int, bits: Int, wordBytes: Int = 1
  ) throws(SmithError) -> Int {
    let width = try columns.multiplied(checked: bits).adding(checked: 7) / 8
    return try width.adding(checked: wordBytes - 1) / wordBytes * wordBytes
  }

  /// A byte for each of the `columns` codes of each row; `.mismatch` for rows that are too short for them.
  public static func unpack(
    _ bytes: [UInt8], rows: Int, columns: Int, bits: Int, order: Order
  ) throws(SmithError) -> [UInt8] {
    if rows == 0 || columns == 0 { return [] }
    let width = bytes.count / rows
    guard (2...8).contains(bits), bytes.count == rows * width,
      width >= (try least(columns: columns, bits: bits, order: order))
    else {
      throw SmithError(.mismatch, "\(width) bytes hold no row of \(columns) codes of \(bits) bits")
    }
    switch order {
    case .stream: return stream(bytes, rows: rows, columns: columns, bits: bits)
    case .words:
      return gathered(bytes, rows: rows, columns: columns, bits: bits, perWord: 32 / bits) { $0 }
    case .interleaved:
      return gathered(bytes, rows: rows, columns: columns, bits: 4, perWord: 8) {
        [0, 4, 1, 5, 2, 6, 3, 7][$0]
      }
    }
  }

  private static func least(columns: Int, bits: Int, order: Order) throws(SmithError) -> Int {
    switch order {
    case .stream: return try rowBytes(columns: columns, bits: bits)
    case .words: return (columns - 1) / (32 / bits) * 4 + 4
    case .interleaved: return (columns - 1) / 8 * 4 + 4
    }
  }

  private static func stream(
    _ bytes: [UInt8], rows: Int, columns: Int, bits: Int
  ) -> [UInt8] {
    let (width, used) = (bytes.count / rows, (columns * bits + 7) / 8)
    var packed = bytes
    if used < width {
      packed = (0..<rows).flatMap { bytes[($0 * width)..<($0 * width + used)] }
    }
    return [UInt8](unsafeUninitializedCapacity: rows * columns) { codes, count in
      count = rows * columns
      ws_unpack_codes(codes.baseAddress, packed, rows, columns, Int32(bits))
    }
  }

  /// Codes out of words of 32 bits, code c of a word in place `place(c)`.
  private static func gathered(
    _ bytes: [UInt8], rows: Int, columns: Int, bits: Int, perWord: Int, _ place: (Int) -> Int
  ) -> [UInt8] {
    let (width, mask) = (bytes.count / rows, UInt32(1) << bits - 1)
    let shifts = (0..<perWord).map { UInt32(place($0) * bits) }
    return [UInt8](unsafeUninitializedCapacity: rows * columns) { codes, count in
      count = rows * columns
      bytes.withUnsafeBytes { bytes in
        for row in 0..<rows {
          for column in 0..<columns {
            let word = UInt32(
              littleEndian: bytes.loadUnaligned(
                fromByteOffset: row * width + column / perWord * 4, as: UInt32.self))
            codes[row * columns + column] = UInt8(word >> shifts[column % perWord] & mask)
          }
        }
      }
    }
  }

  /// Codes of a byte each as a stream per row, filled with zero bits up to whole words; bits that a code has too many are lost.
  public static func pack(
    _ codes: [UInt8], rows: Int, bits: Int, wordBytes: Int = 1
  ) throws(SmithError) -> [UInt8] {
    if rows == 0 || codes.isEmpty { return [] }
    let columns = codes.count / rows
    guard (2...8).contains(bits), columns * rows == codes.count else {
      throw SmithError(.mismatch, "\(codes.count) codes are no \(rows) rows")
    }
    let used = try rowBytes(columns: columns, bits: bits)
    let width = try rowBytes(columns: columns, bits: bits, wordBytes: wordBytes)
    let packed = [UInt8](unsafeUninitializedCapacity: rows * used) { bytes, count in
      count = rows * used
      ws_pack_codes(bytes.baseAddress, codes, rows, columns, Int32(bits))
    }
    if used == width { return packed }
    let filler = [UInt8](repeating: 0, count: width - used)
    return (0..<rows).flatMap { packed[($0 * used)..<($0 * used + used)] + filler }
  }
}
