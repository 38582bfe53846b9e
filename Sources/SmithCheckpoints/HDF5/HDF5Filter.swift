import CHDF5
import SmithBytes

/// One step of a chunk's pipeline that we can undo.
enum HDF5Filter: Hashable, Sendable {
  case deflate
  /// Byte i of every element together; the element's size.
  case shuffle(Int)
  case fletcher32

  static let maximumSteps = 32

  /// Filters with a registered number that we name but do not undo.
  private static let names: [Int32: String] = [
    4: "szip", 5: "nbit", 6: "scaleoffset", 32000: "lzf", 32001: "blosc", 32004: "lz4",
    32008: "bitshuffle", 32013: "zfp", 32015: "zstd", 32026: "blosc2",
  ]

  /// The pipeline of a creation list; `.unsupported` names the first filter we do not know.
  static func pipeline(_ creation: hid_t) throws(SmithError) -> [HDF5Filter] {
    let count = H5Pget_nfilters(creation)
    guard count >= 0, count <= maximumSteps else { throw HDF5Library.failure("a filter pipeline") }
    var filters: [HDF5Filter] = []
    for index in 0..<count {
      var flags: UInt32 = 0
      var values = [UInt32](repeating: 0, count: 8)
      var valueCount = values.count
      let id = H5Pget_filter2(creation, UInt32(index), &flags, &valueCount, &values, 0, nil, nil)
      guard id >= 0 else { throw HDF5Library.failure("filter \(index)") }
      switch id {
      case 1: filters.append(.deflate)
      case 2:
        guard valueCount >= 1, values[0] >= 1 else {
          throw SmithError(.malformed, "a shuffle filter without an element size")
        }
        filters.append(.shuffle(Int(values[0])))
      case 3: filters.append(.fletcher32)
      default:
        throw SmithError(.unsupported, "the filter \(names[id] ?? "number \(id)")")
      }
    }
    guard filters.filter({ $0 == .deflate }).count <= 1 else {
      throw SmithError(.unsupported, "a chunk deflated twice")
    }
    return filters
  }

  /// Undoes the steps on one stored chunk, last first. Bit i of `mask` says that step i was left out for this chunk.
  /// The result has `count` bytes: anything else is `.malformed`, a wrong checksum `.checksum`.
  static func undo(
    _ filters: [HDF5Filter], mask: UInt32, on stored: [UInt8], count: Int
  ) throws(SmithError) -> [UInt8] {
    var applied: [(filter: HDF5Filter, input: Int)] = []
    var size = count
    for (index, filter) in filters.enumerated() where mask & (1 << UInt32(index)) == 0 {
      // The size that went into each step is known: only deflate changes it freely, and that happens once.
      applied.append((filter, size))
      if filter == .fletcher32 { size += 4 }
    }
    var bytes = stored
    for (filter, input) in applied.reversed() {
      switch filter {
      case .deflate: bytes = try Inflate.decode(bytes, count: input)
      case .shuffle(let element): bytes = unshuffle(bytes, element: element)
      case .fletcher32: bytes = try checked(bytes)
      }
    }
    guard bytes.count == count else {
      throw SmithError(.malformed, "a chunk of \(bytes.count) bytes, \(count) wanted")
    }
    return bytes
  }

  /// Gathers the bytes of each element again. Bytes left over after the last whole element stay where they are.
  static func unshuffle(_ bytes: [UInt8], element: Int) -> [UInt8] {
    let count = bytes.count / element
    guard element > 1, count > 1 else { return bytes }
    var result = bytes
    bytes.withUnsafeBufferPointer { from in
      result.withUnsafeMutableBufferPointer { to in
        for part in 0..<element {
          let start = part * count
          var target = part
          for index in start..<(start + count) {
            to[target] = from[index]
            target += element
          }
        }
      }
    }
    return result
  }

  /// The bytes without the Fletcher-32 that follows them, once it matches.
  private static func checked(_ bytes: [UInt8]) throws(SmithError) -> [UInt8] {
    guard bytes.count >= 4 else {
      throw SmithError(.malformed, "a chunk of \(bytes.count) bytes with a checksum")
    }
    let data = bytes.dropLast(4)
    let stored = bytes.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let computed = fletcher32(data)
    // Old big-endian writers stored the two bytes of each half the other way round; the library accepts both.
    let swapped = (computed & 0x00FF_00FF) << 8 | (computed & 0xFF00_FF00) >> 8
    guard stored == computed || stored == swapped else {
      throw SmithError(.checksum, "the Fletcher-32 of a chunk does not match")
    }
    return Array(data)
  }

  /// Fletcher's checksum over big-endian 16-bit words, an odd last byte being the high half of a word.
  static func fletcher32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var (first, second) = (UInt64(0), UInt64(0))
    bytes.withUnsafeBufferPointer { bytes in
      var index = 0
      while index < bytes.count {
        // 2^15 words keep both sums far below 64 bits between reductions.
        let end = min(index + 65_536, bytes.count)
        while index + 1 < end {
          first &+= UInt64(bytes[index]) << 8 | UInt64(bytes[index + 1])
          second &+= first
          index += 2
        }
        if index < end {
          first &+= UInt64(bytes[index]) << 8
          second &+= first
          index += 1
        }
        (first, second) = (fold(first), fold(second))
      }
    }
    return UInt32(second) << 16 | UInt32(first)
  }

  /// Adds carries back until 16 bits are left: modulo 65535 with 65535 in place of 0, except for nothing at all.
  private static func fold(_ sum: UInt64) -> UInt64 {
    var sum = sum
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return sum
  }
}
