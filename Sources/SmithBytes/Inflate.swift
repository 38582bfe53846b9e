import CZlib

/// Undoes deflate (RFC 1951) where the size of the result is known beforehand, as it is in HDF5 chunks and zip members.
public enum Inflate {
  /// What surrounds the deflate stream.
  public enum Wrapper: Sendable {
    /// A two-byte header and an Adler-32 of the result (RFC 1950): HDF5 chunks.
    case zlib
    /// Nothing: zip members.
    case raw
    /// A header and a CRC-32 and the size of the result (RFC 1952): `.gz` files, Zarr chunks.
    case gzip

    /// As zlib wants it: the window's size, negative for none, 16 more for gzip.
    var windowBits: Int32 {
      switch self {
      case .zlib: 15
      case .raw: -15
      case .gzip: 31
      }
    }
  }

  /// Exactly `count` bytes. Never writes more, whatever the stream would expand to: a longer or shorter result is
  /// `.malformed`, a wrong Adler-32 `.checksum`.
  ///
  /// The caller has checked `count` against what the file may plausibly hold: it is allocated.
  public static func decode(
    _ bytes: [UInt8], wrapper: Wrapper = .zlib, count: Int
  ) throws(SmithError) -> [UInt8] {
    guard let available = UInt32(exactly: bytes.count), let wanted = UInt32(exactly: count) else {
      throw SmithError(.limit, "\(bytes.count) compressed bytes for \(count): more than 4 GiB")
    }
    var output = [UInt8](repeating: 0, count: count)
    var produced = 0
    var message = ""
    let status = output.withUnsafeMutableBufferPointer { into in
      bytes.withUnsafeBufferPointer { from in
        var stream = z_stream()
        let version = inflateInit2_(
          &stream, wrapper.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard version == Z_OK else { return version }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(mutating: from.baseAddress)
        stream.avail_in = available
        // One byte of room even for an empty result: zlib refuses a null pointer.
        var spare: UInt8 = 0
        return withUnsafeMutablePointer(to: &spare) { spare in
          stream.next_out = into.baseAddress ?? spare
          stream.avail_out = wanted
          let status = inflate(&stream, Z_FINISH)
          produced = count - Int(stream.avail_out)
          if let text = stream.msg { message = String(cString: text) }
          return status
        }
      }
    }
    try check(status, produced: produced, wanted: count, message: message)
    return output
  }

  private static func check(
    _ status: Int32, produced: Int, wanted: Int, message: String
  ) throws(SmithError) {
    switch status {
    case Z_STREAM_END where produced == wanted: return
    case Z_STREAM_END:
      throw SmithError(.malformed, "deflated data of \(produced) bytes, \(wanted) wanted")
    case Z_DATA_ERROR where message == "incorrect data check":
      throw SmithError(.checksum, "the Adler-32 of deflated data does not match")
    case Z_BUF_ERROR where produced == wanted:
      throw SmithError(.malformed, "deflated data of more than the \(wanted) bytes wanted")
    case Z_BUF_ERROR, Z_OK:
      throw SmithError(.malformed, "deflated data ends after \(produced) of \(wanted) bytes")
    default:
      throw SmithError(.malformed, "not deflated data\(message.isEmpty ? "" : " (\(message))")")
    }
  }
}
