import SmithBytes
import SmithTensors

/// The header of one safetensors file, checked against the file's size: every byte of the data buffer belongs to exactly one tensor.
struct SafetensorsHeader: Sendable {
  /// The limit of the reference crate, bytes.
  static let maxLength = 100_000_000
  static let maxTensors = 1_000_000
  static let maxRank = 16
  static let maxNameBytes = 4096

  private(set) var metadata: [String: String] = [:]
  /// In the order of the header.
  private var table: TensorTable
  /// Where each tensor begins in the data buffer.
  private var begins: [Int] = []
  /// Where each stands in the file's header, for messages.
  private var headerOffsets: [Int] = []
  /// The positions in the order of the bytes; nil where the header has that order.
  private var order: [Int]?
  /// The file offset of the data buffer.
  private let dataStart: Int

  /// In the order of their bytes.
  var tensors: [TensorInfo] {
    guard let order else { return table.tensors }
    return order.map { table.tensors[$0] }
  }

  /// A tensor, and where it begins in the file.
  func tensor(named name: String) -> (TensorInfo, start: Int)? {
    table.position(of: name).map { (table.tensors[$0], dataStart + begins[$0]) }
  }

  /// Reads the length and the header, no data. Errors carry the file and the offset in it.
  init(_ file: InputFile) throws(SmithError) {
    do throws(SmithError) {
      let length = try Self.length(file)
      dataStart = 8 + length
      // About what a tensor takes in the header: saves growing step by step.
      table = TensorTable(capacity: length / 128)
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
      guard begins.count < Self.maxTensors, key.utf8.count <= Self.maxNameBytes else {
        throw scanner.error(
          .limit, "more than \(Self.maxTensors) tensors, or a name of more than 4 KiB")
      }
      do throws(SmithError) {
        let (tensor, begin) = try SafetensorsField.tensor(named: key, &scanner)
        guard table.append(tensor) else {
          throw SmithError(.mismatch, "the tensor stands twice", at: Place(offset: start))
        }
        begins.append(begin)
        headerOffsets.append(start)
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
    let tensors = table.tensors
    if !isInOrder {
      order = begins.indices.sorted {
        (begins[$0], tensors[$0].byteCount, $0) < (begins[$1], tensors[$1].byteCount, $1)
      }
    }
    var end = 0
    for index in begins.indices {
      let position = order?[index] ?? index
      let begin = begins[position]
      guard begin == end else {
        let what = begin > end ? "a gap" : "an overlap"
        throw SmithError(
          .malformed, "\(what): it begins at \(begin), the data before it ends at \(end)",
          at: place(of: position))
      }
      end += tensors[position].byteCount
      guard end <= dataSize else {
        throw SmithError(
          .truncated, "it ends at \(end), the file has \(dataSize) bytes of data",
          at: place(of: position))
      }
    }
    guard end == dataSize else {
      throw SmithError(
        .malformed, "\(dataSize - end) bytes that belong to no tensor",
        at: Place(offset: dataStart + end))
    }
  }

  /// Most writers list the tensors in the order of their bytes.
  private var isInOrder: Bool {
    var end = 0
    for (begin, tensor) in zip(begins, table.tensors) {
      guard begin >= end else { return false }
      end = begin + tensor.byteCount
    }
    return true
  }

  private func place(of position: Int) -> Place {
    Place(offset: headerOffsets[position], item: table.tensors[position].name)
  }
}
