/// Copies and byte order for lent memory, which the standard library's spans do not offer yet.
extension MutableRawSpan {
  /// Copies `bytes[range]` to `offset`. A range outside the array or past the span's end is a caller's mistake and stops.
  public mutating func copy(_ bytes: [UInt8], _ range: Range<Int>, to offset: Int) {
    precondition(offset >= 0 && range.count <= byteCount - offset)
    withUnsafeMutableBytes {
      UnsafeMutableRawBufferPointer(rebasing: $0[offset...]).copyBytes(from: bytes[range])
    }
  }

  /// Reverses each group of `width` bytes (2, 4 or 8; others are left alone): big endian becomes little and back. Bytes
  /// behind the last whole group stay.
  public mutating func swapBytes(ofWidth width: Int) {
    switch width {
    case 2: swap(UInt16.self)
    case 4: swap(UInt32.self)
    case 8: swap(UInt64.self)
    default: break
    }
  }

  private mutating func swap<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) {
    let width = MemoryLayout<T>.size
    withUnsafeMutableBytes { buffer in
      for offset in stride(from: 0, to: buffer.count / width * width, by: width) {
        let value = buffer.loadUnaligned(fromByteOffset: offset, as: T.self)
        buffer.storeBytes(of: value.byteSwapped, toByteOffset: offset, as: T.self)
      }
    }
  }
}
