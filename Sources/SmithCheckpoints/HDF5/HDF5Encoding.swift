import SmithBytes
import SmithTensors

/// A walk's result as bytes, for the pipe between two processes of the same program: `WSH5`, a kind, a length, a payload of
/// that length. Integers are LEB128, texts and lists come after their count. Not a file format: nothing keeps it.
struct HDF5Encoder {
  enum Kind: UInt8 { case metadata = 1, failure = 2 }

  static let magic = Array("WSH5".utf8)

  private var bytes: [UInt8] = []

  static func encode(_ result: Result<HDF5Metadata, SmithError>) -> [UInt8] {
    var encoder = HDF5Encoder()
    let kind: Kind
    switch result {
    case .success(let metadata):
      kind = .metadata
      encoder.append(metadata)
    case .failure(let error):
      kind = .failure
      encoder.append(error)
    }
    let count = UInt64(encoder.bytes.count)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    return magic + [kind.rawValue] + length + encoder.bytes
  }

  private mutating func append(_ metadata: HDF5Metadata) {
    append(list: metadata.datasets) { $0.append($1) }
    for aliases in [metadata.datasetAliases, metadata.groupAliases] {
      append(list: aliases) { encoder, alias in
        encoder.append(alias.name)
        encoder.append(alias.target)
        encoder.bytes.append(alias.isSoft ? 1 : 0)
      }
    }
    append(list: metadata.groups) { $0.append($1) }
    append(list: metadata.dangling) { $0.append($1) }
    append(list: metadata.attributes) { encoder, attribute in
      encoder.append(attribute.object)
      encoder.append(attribute.name)
      encoder.append(list: attribute.strings) { $0.append($1) }
    }
  }

  private mutating func append(_ dataset: HDF5Dataset) {
    append(dataset.info.name)
    append(dataset.type.dtype.rawValue)
    append(dataset.type.size)
    append(dataset.type.swapWidth)
    append(list: dataset.info.shape) { $0.append($1) }
    append(list: dataset.fillValue) { $0.bytes.append($1) }
    switch dataset.layout {
    case .fill: append(0)
    case .contiguous(let offset):
      append(1)
      append(offset)
    case .compact(let data):
      append(2)
      append(data.count)
      bytes += data
    case .chunked(let chunking, let index):
      append(3)
      append(chunking, index)
    case .refused(let kind, let why):
      append(4)
      append(kind.rawValue)
      append(why)
    }
  }

  /// An entry takes about six bytes: numbers and offsets as the difference from the one before.
  private mutating func append(_ chunking: HDF5Chunking, _ index: HDF5ChunkIndex) {
    for length in chunking.chunk { append(length) }
    append(list: chunking.filters) { encoder, filter in
      switch filter {
      case .deflate: encoder.append(1)
      case .shuffle(let element):
        encoder.append(2)
        encoder.append(element)
      case .fletcher32: encoder.append(3)
      }
    }
    bytes.append(chunking.leavesPartialUnfiltered ? 1 : 0)
    var (number, end) = (-1, 0)
    append(list: index.entries) { encoder, entry in
      encoder.append(entry.number - number - 1)
      let step = entry.offset - end
      encoder.append(unsigned: UInt64(bitPattern: Int64(step << 1 ^ step >> 63)))
      encoder.append(Int(entry.size))
      encoder.append(Int(entry.mask))
      (number, end) = (entry.number, entry.offset + Int(entry.size))
    }
  }

  private mutating func append(_ error: SmithError) {
    append(error.kind.rawValue)
    append(error.detail)
    append(error.place.item ?? "")
    append((error.place.offset ?? -1) + 1)
    append(error.remedy ?? "")
  }

  private mutating func append<T>(list: [T], _ each: (inout HDF5Encoder, T) -> Void) {
    append(list.count)
    for element in list { each(&self, element) }
  }

  private mutating func append(_ text: String) {
    append(text.utf8.count)
    bytes += Array(text.utf8)
  }

  private mutating func append(_ value: Int) { append(unsigned: UInt64(value)) }

  private mutating func append(unsigned value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
