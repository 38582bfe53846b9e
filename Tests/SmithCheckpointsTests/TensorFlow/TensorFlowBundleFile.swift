import SmithBytes
import SmithTensors
import TestSupport

@testable import SmithCheckpoints

/// A bundle that a test builds entry by entry, so that every number in it can be wrong while all checksums are right.
struct BundleFile {
  var header = BundleHeader(shards: 1).encoded
  var rows: [(key: [UInt8], value: [UInt8])] = []
  /// Bytes of the data files, by name behind the prefix.
  var data: [String: [UInt8]] = [:]

  static let onlyShard = ".data-00000-of-00001"

  /// One f32 vector `w` of four ones.
  static var simple: BundleFile {
    var file = BundleFile()
    file.data[onlyShard] = (0..<4).flatMap { _ in [0, 0, 0x80, 0x3F] as [UInt8] }
    file.add("w", file.entry(shape: [4], bytes: 0..<16))
    return file
  }

  /// An entry for bytes of the only data file, its checksum right.
  func entry(_ type: Int32 = 1, shape: [Int], bytes: Range<Int>, shard: Int = 0) -> BundleEntry {
    var entry = BundleEntry()
    entry.type = type
    entry.shape = shape
    entry.shard = shard
    entry.offset = bytes.lowerBound
    entry.size = bytes.count
    let file = data[Self.onlyShard] ?? []
    if bytes.upperBound <= file.count {
      entry.maskedCRC = CRC32C.mask(CRC32C.of(Array(file[bytes])))
    }
    return entry
  }

  mutating func add(_ name: String, _ entry: BundleEntry) {
    rows.append((Array(name.utf8), entry.encoded))
  }

  /// A partitioned variable's own entry.
  mutating func add(_ name: String, shape: [Int], slices: [[(start: Int64, length: Int64)?]]) {
    var message = ProtobufWriter()
    message.varint(1, 1)
    message.message(2) { TensorShape.write(shape, to: &$0) }
    for slice in slices {
      message.message(7) { slicing in
        for extent in slice { slicing.bytes(1, Self.extent(extent)) }
      }
    }
    rows.append((Array(name.utf8), message.bytes))
  }

  /// A length is a oneof in the schema: written also when 0.
  private static func extent(_ extent: (start: Int64, length: Int64)?) -> [UInt8] {
    guard let extent else { return [] }
    var bytes: [UInt8] = []
    if extent.start != 0 {
      bytes.append(0x08)
      bytes.append(varint: UInt64(bitPattern: extent.start))
    }
    bytes.append(0x10)
    bytes.append(varint: UInt64(bitPattern: extent.length))
    return bytes
  }

  var index: [UInt8] {
    var table = TableBuilder()
    table.add([], header)
    for row in rows.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      table.add(row.key, row.value)
    }
    return table.finish()
  }

  /// Writes everything and returns the prefix.
  func write(to scratch: Scratch, index: [UInt8]? = nil) throws -> String {
    try scratch.write(index ?? self.index, as: "m.index")
    for (name, bytes) in data { try scratch.write(bytes, as: "m\(name)") }
    return scratch.path.appending(path: "m")
  }
}
