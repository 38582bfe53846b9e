import SmithBytes
import SmithTensors

/// An array of more than 2^30 bytes: a map with the whole shape and flat chunks `0`, `1`, … in the order of these numbers.
struct FlaxChunks {
  private var dimensions: [Int: Int] = [:]
  private var chunks: [Int: (info: TensorInfo, range: Range<Int>)] = [:]

  /// `.malformed` for anything else in the map.
  init(_ leaves: ArraySlice<FlaxLeaf>, prefix: String) throws(SmithError) {
    for leaf in leaves {
      let path = leaf.name.dropFirst(prefix.count).split(
        separator: "/", omittingEmptySubsequences: false)
      switch (path.first, leaf.value) {
      case ("__msgpack_chunked_array__", .number(.bool, [1])) where path.count == 1: break
      // The shape of a scalar.
      case ("shape", .nothing) where path.count == 1: break
      case ("shape", .number(.i64, let bytes)) where path.count == 2:
        let size = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        dimensions[try Self.number(path[1])] = try Int(checked: size)
      case ("chunks", .array(let info, let pieces)) where path.count == 2 && pieces.count == 1:
        chunks[try Self.number(path[1])] = (info, pieces[0].range)
      default:
        throw SmithError(.malformed, "a chunked array with \(path.joined(separator: "/"))")
      }
    }
  }

  /// A number as Python writes it: 1, not 01 or +1.
  private static func number(_ key: Substring) throws(SmithError) -> Int {
    guard let number = Int(key), number >= 0, String(number) == key else {
      throw SmithError(.malformed, "a chunk or dimension called \(key)")
    }
    return number
  }

  /// `.mismatch` where chunks of other types or of another sum than the shape's stand together, `.missing` where one lacks.
  func joined(_ name: String, at offset: Int) throws(SmithError) -> FlaxLeaf {
    var shape: [Int] = []
    for axis in 0..<dimensions.count {
      guard let size = dimensions[axis] else {
        throw SmithError(.missing, "dimension \(axis) of a chunked array")
      }
      shape.append(size)
    }
    guard shape.count <= FlaxLeaf.maxRank else {
      throw SmithError(.limit, "\(shape.count) dimensions")
    }
    var pieces: [(start: Int, range: Range<Int>)] = []
    var type: DType?
    var count = 0
    for index in 0..<chunks.count {
      guard let chunk = chunks[index] else {
        throw SmithError(.missing, "chunk \(index) of a chunked array")
      }
      guard chunk.info.shape.count == 1, type == nil || type == chunk.info.encoding.dtype else {
        throw SmithError(
          .mismatch, "chunk \(index) is not flat, or of another type than the others")
      }
      type = chunk.info.encoding.dtype
      if !chunk.range.isEmpty { pieces.append((count, chunk.range)) }
      count = try count.adding(checked: chunk.range.count)
    }
    guard let type, type != .opaque else {
      throw SmithError(.unsupported, "a chunked array without chunks, or of an unknown type")
    }
    let info = try TensorInfo(name: name, dtype: type, shape: shape)
    guard info.byteCount == count else {
      throw SmithError(
        .mismatch, "shape \(shape) takes \(info.byteCount) bytes, the chunks have \(count)")
    }
    return FlaxLeaf(name: name, value: .array(info, pieces: pieces), offset: offset)
  }
}
