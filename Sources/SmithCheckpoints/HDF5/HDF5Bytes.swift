/// Small operations on element bytes.
enum HDF5Bytes {
  /// Reverses each run of `width` bytes: big endian to little endian. A width of 1 changes nothing.
  static func reverse(_ bytes: inout [UInt8], each width: Int) {
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    reverse(&raw, each: width)
  }

  /// The same in place in a span whose length is a multiple of `width`.
  static func reverse(_ bytes: inout MutableRawSpan, each width: Int) {
    switch width {
    case 2: swap(&bytes, UInt16.self)
    case 4: swap(&bytes, UInt32.self)
    case 8: swap(&bytes, UInt64.self)
    default: break
    }
  }

  private static func swap<T: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: inout MutableRawSpan, _ type: T.Type
  ) {
    let width = T.bitWidth / 8
    for index in 0..<(bytes.byteCount / width) {
      let value = bytes.unsafeLoadUnaligned(fromByteOffset: index * width, as: T.self)
      bytes.storeBytes(of: value.byteSwapped, toByteOffset: index * width, as: T.self)
    }
  }
}

extension HDF5Bytes {
  /// Copies `range` of `bytes` to `offset` of `span`; both have been checked by the caller.
  static func copy(
    _ bytes: [UInt8], _ range: Range<Int>, into span: inout MutableRawSpan, at offset: Int
  ) {
    bytes.withUnsafeBytes { from in
      span.withUnsafeMutableBytes { to in
        UnsafeMutableRawBufferPointer(rebasing: to[offset..<(offset + range.count)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: from[range]))
      }
    }
  }

  /// Repeats `element` over the whole span, whose length is a multiple of its own.
  static func fill(_ span: inout MutableRawSpan, with element: [UInt8]) {
    var position = 0
    while position < span.byteCount {
      for byte in element {
        span.storeBytes(of: byte, toByteOffset: position, as: UInt8.self)
        position += 1
      }
    }
  }
}
