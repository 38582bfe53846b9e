import SmithBytes
import SmithTensors

/// The header of one safetensors file, checked against the file's size: every byte of the data buffer belongs to exactly one tensor.
struct SafetensorsHeader: Sendable {
  /// A tensor, and where it begins in the data buffer.
  struct Entry: Sendable {
    let info: TensorInfo
    let begin: Int
    /// Where it stands in the file's header, for messages.
    let headerOffset: Int

    var end: Int { begin + info.byteCount }
  }

  /// The limit of the reference crate, bytes.
  static let maxLength = 100_000_000
  static let maxTensors = 1_000_000
  static let maxRank = 16
  static let maxNameBytes = 4096

  /// In the order of the header.
  private(set) var entries: [Entry] = []
  /// The position of each name in `entries`.
  private(set) var positions: [String: Int] = [:]
  /// The positions in the order of the bytes.
  private(set) var order: [Int] = []
  private(set) var metadata: [String: String] = [:]
  /// The file offset of the data buffer.
  let dataStart: Int

  /// Reads the length and the header, no data. Errors carry the file and the offset in it.
  init(_ file: InputFile) throws(SmithError) {
    do throws(SmithError) {
      let length = try Self.length(file)
      dataStart = 8 + length
      var scanner = JSONScanner(try file.bytes(8..<dataStart), base: 8)
      try parse(&scanner)
      try checkCoverage(dataSize: file.count - dataStart)
    } catch { throw error.at(file: file.path) }
  }

  private static func length(_ file: InputFile) throws(SmithError) -> Int {
    guard file.count >= 8 else {
      throw SmithError(.truncated, "\(file.count) bytes are too few for a safetensors file")
    }
    let head = try file.bytes(0..<min(file.count, 64))
    if head.starts(with: Array("version https://git-lfs".utf8)) {
      throw SmithError(.unsupported, "a Git LFS pointer, not the weights", remedy: "git lfs pull")
    }
    var cursor = ByteCursor(head)
    let length = try cursor.littleEndian(UInt64.self)
    guard length <= UInt64(maxLength) else {
      throw SmithError(
        .limit, "a header of \(length) bytes, at most \(maxLength) are allowed",
        at: Place(offset: 0))
    }
    let bytes = Int(length)
    guard bytes <= file.count - 8 else {
      throw SmithError(
        .truncated, "a header of \(bytes) bytes, \(file.count - 8) follow", at: Place(offset: 0))
    }
    return bytes
  }

  private mutating func parse(_ scanner: inout JSONScanner) throws(SmithError) {
    // About what a tensor takes in the header: saves growing step by step.
    positions.reserveCapacity((dataStart - 8) / 128)
    entries.reserveCapacity((dataStart - 8) / 128)
    var sawMetadata = false
    try scanner.beginObject()
    while let key = try scanner.nextKey() {
      let start = 8 + scanner.position
      if key == "__metadata__" {
        if sawMetadata { throw scanner.error(.mismatch, "__metadata__ stands twice") }
        sawMetadata = true
        metadata = try Self.metadata(&scanner)
        continue
      }
      guard positions.updateValue(entries.count, forKey: key) == nil else {
        throw SmithError(.mismatch, "the tensor stands twice", at: Place(offset: start, item: key))
      }
      guard positions.count <= Self.maxTensors, key.utf8.count <= Self.maxNameBytes else {
        throw scanner.error(
          .limit, "more than \(Self.maxTensors) tensors, or a name of more than 4 KiB")
      }
      do throws(SmithError) {
        entries.append(try SafetensorsField.entry(named: key, &scanner))
      } catch { throw error.at(offset: start, item: key) }
    }
    try scanner.finish()
  }

  /// `{str: str}` or null.
  private static func metadata(_ scanner: inout JSONScanner) throws(SmithError) -> [String: String]
  {
    var metadata: [String: String] = [:]
    if try scanner.peek() == .null {
      try scanner.null()
      return metadata
    }
    try scanner.beginObject()
    while let key = try scanner.nextKey() {
      let value = try scanner.string()
      guard metadata.updateValue(value, forKey: key) == nil else {
        throw scanner.error(.mismatch, "the metadata key \"\(key)\" stands twice")
      }
    }
    return metadata
  }

  /// No gap, no overlap, nothing left over: two parsers cannot see two models in one file.
  private mutating func checkCoverage(dataSize: Int) throws(SmithError) {
    order = Array(entries.indices)
    // Most writers list the tensors in the order of their bytes.
    if !zip(entries, entries.dropFirst()).allSatisfy({ $0.end <= $1.begin }) {
      order.sort {
        (entries[$0].begin, entries[$0].end, $0) < (entries[$1].begin, entries[$1].end, $1)
      }
    }
    var end = 0
    for position in order {
      let entry = entries[position]
      let place = Place(offset: entry.headerOffset, item: entry.info.name)
      guard entry.begin == end else {
        let what = entry.begin > end ? "a gap" : "an overlap"
        throw SmithError(
          .malformed, "\(what): it begins at \(entry.begin), the data before it ends at \(end)",
          at: place)
      }
      guard entry.end <= dataSize else {
        throw SmithError(
          .truncated, "it ends at \(entry.end), the file has \(dataSize) bytes of data", at: place)
      }
      end = entry.end
    }
    guard end == dataSize else {
      throw SmithError(
        .malformed, "\(dataSize - end) bytes that belong to no tensor",
        at: Place(offset: dataStart + end))
    }
  }
}
