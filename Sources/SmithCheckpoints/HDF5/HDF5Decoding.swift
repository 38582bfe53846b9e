import SmithBytes
import SmithTensors

/// Reads what `HDF5Encoder` wrote, trusting none of it: the process that wrote it had met a file from a stranger.
struct HDF5Decoder {
  private var cursor: ByteCursor

  /// The walk's result, or the error it ended with. `.malformed` or `.truncated` for anything that no encoder wrote.
  static func decode(_ bytes: [UInt8]) throws(SmithError) -> Result<HDF5Metadata, SmithError> {
    var decoder = HDF5Decoder(cursor: ByteCursor(bytes))
    guard try decoder.cursor.array(4) == HDF5Encoder.magic,
      let kind = HDF5Encoder.Kind(rawValue: try decoder.cursor.byte()),
      try Int(checked: decoder.cursor.littleEndian(UInt64.self)) == decoder.cursor.remaining
    else { throw SmithError(.malformed, "an answer of another kind or length") }
    let result: Result<HDF5Metadata, SmithError>
    switch kind {
    case .metadata: result = .success(try decoder.metadata())
    case .failure: result = .failure(try decoder.failure())
    }
    guard decoder.cursor.isAtEnd else { throw SmithError(.malformed, "an answer with a tail") }
    return result
  }

  private mutating func metadata() throws(SmithError) -> HDF5Metadata {
    var metadata = HDF5Metadata()
    metadata.datasets = try list { decoder throws(SmithError) in try decoder.dataset() }
    metadata.datasetAliases = try list { decoder throws(SmithError) in try decoder.alias() }
    metadata.groupAliases = try list { decoder throws(SmithError) in try decoder.alias() }
    metadata.groups = try list { decoder throws(SmithError) in try decoder.text() }
    metadata.dangling = try list { decoder throws(SmithError) in try decoder.text() }
    metadata.attributes = try list { decoder throws(SmithError) in
      HDF5Metadata.Attribute(
        object: try decoder.text(), name: try decoder.text(),
        strings: try decoder.list { decoder throws(SmithError) in try decoder.text() })
    }
    return metadata
  }

  private mutating func alias() throws(SmithError) -> HDF5Metadata.Alias {
    HDF5Metadata.Alias(
      name: try text(), target: try number(), isSoft: try cursor.byte() != 0)
  }

  private mutating func dataset() throws(SmithError) -> HDF5Dataset {
    let name = try text()
    guard let dtype = DType(rawValue: try text()) else {
      throw SmithError(.malformed, "no such type", at: Place(item: name))
    }
    let type = HDF5Datatype(dtype: dtype, size: try number(), swapWidth: try number())
    guard [1, 2, 4, 8].contains(type.swapWidth), type.size == dtype.width else {
      throw SmithError(.malformed, "elements of \(type.size) bytes", at: Place(item: name))
    }
    let shape = try list { decoder throws(SmithError) in try decoder.number() }
    let fill = try list { decoder throws(SmithError) in try decoder.cursor.byte() }
    let info = try TensorInfo(name: name, dtype: dtype, shape: shape)
    return HDF5Dataset(
      info: info, type: type, layout: try layout(shape, type.size), fillValue: fill)
  }

  private mutating func layout(
    _ shape: [Int], _ elementSize: Int
  ) throws(SmithError) -> HDF5Dataset.Layout {
    switch try number() {
    case 0: return .fill
    case 1: return .contiguous(at: try number())
    case 2: return .compact(try cursor.array(try number()))
    case 3:
      let chunking = try chunking(shape, elementSize)
      return .chunked(chunking, try index())
    case 4:
      guard let kind = SmithError.Kind(rawValue: try text()) else { break }
      return .refused(kind, try text())
    default: break
    }
    throw SmithError(.malformed, "no such layout")
  }

  private mutating func chunking(
    _ shape: [Int], _ elementSize: Int
  ) throws(SmithError) -> HDF5Chunking {
    var chunk: [Int] = []
    for _ in shape { chunk.append(try number()) }
    let filters = try list { decoder throws(SmithError) -> HDF5Filter in
      switch try decoder.number() {
      case 1: return .deflate
      case 2:
        let element = try decoder.number()
        guard element > 0 else { throw SmithError(.malformed, "a shuffle of nothing") }
        return .shuffle(element)
      case 3: return .fletcher32
      default: throw SmithError(.malformed, "no such filter")
      }
    }
    guard filters.count <= HDF5Filter.maximumSteps, filters.filter({ $0 == .deflate }).count <= 1
    else { throw SmithError(.malformed, "\(filters.count) filters") }
    return try HDF5Chunking(
      shape: shape, chunk: chunk, elementSize: elementSize, filters: filters,
      leavesPartialUnfiltered: try cursor.byte() != 0)
  }

  private mutating func index() throws(SmithError) -> HDF5ChunkIndex {
    var (number, end) = (-1, 0)
    return try HDF5ChunkIndex(
      list { decoder throws(SmithError) in
        number = try number.adding(checked: 1).adding(checked: decoder.number())
        let folded = try decoder.cursor.varint()
        let step = Int(truncatingIfNeeded: folded >> 1) ^ -Int(truncatingIfNeeded: folded & 1)
        let offset = try end.adding(checked: step)
        guard let size = UInt32(exactly: try decoder.number()),
          let mask = UInt32(exactly: try decoder.number())
        else { throw SmithError(.malformed, "a chunk of no size we know") }
        end = try offset.adding(checked: Int(size))
        return HDF5ChunkIndex.Entry(number: number, offset: offset, size: size, mask: mask)
      })
  }

  private mutating func failure() throws(SmithError) -> SmithError {
    guard let kind = SmithError.Kind(rawValue: try text()) else {
      throw SmithError(.malformed, "no such kind of error")
    }
    let (detail, item, offset, remedy) = (try text(), try text(), try number(), try text())
    return SmithError(
      kind, detail,
      at: Place(offset: offset == 0 ? nil : offset - 1, item: item.isEmpty ? nil : item),
      remedy: remedy.isEmpty ? nil : remedy)
  }

  private mutating func list<T>(
    _ each: (inout HDF5Decoder) throws(SmithError) -> T
  ) throws(SmithError) -> [T] {
    let count = try number()
    // Every element takes a byte at least.
    guard count <= cursor.remaining else {
      throw SmithError(.truncated, "\(count) elements in \(cursor.remaining) bytes")
    }
    var elements: [T] = []
    for _ in 0..<count { elements.append(try each(&self)) }
    return elements
  }

  private mutating func text() throws(SmithError) -> String { try cursor.utf8(try number()) }

  private mutating func number() throws(SmithError) -> Int { try Int(checked: cursor.varint()) }
}
