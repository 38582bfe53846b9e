import SmithBytes
import SmithTensors

/// The tensors of one safetensors file, or of the shards of an index.
struct SafetensorsSource: TensorSource {
  /// Where a tensor's bytes are.
  private struct Location: Sendable {
    let shard: Int
    let offset: Int
    let byteCount: Int
  }

  let container = Safetensors.name
  private(set) var files: [String] = []
  private(set) var tensors: [TensorInfo] = []
  private(set) var metadata: [String: String] = [:]
  private var shards: [InputFile] = []
  private var locations: [String: Location] = [:]

  /// A single file, which may be one shard of several.
  init(file path: String) throws(SmithError) {
    try add(shard: path)
  }

  /// All shards of an index file: `.missing` for a shard that is not there and for a tensor its shard lacks, `.mismatch` for a
  /// tensor in two shards. Tensors that the index does not list are kept.
  init(index path: String) throws(SmithError) {
    let index = try SafetensorsIndex(path)
    files = [path]
    for (name, tensors) in index.shards {
      let shardPath = path.parentFolder.appending(path: name)
      do throws(SmithError) { try add(shard: shardPath) } catch {
        guard error.kind == .notFound else { throw error }
        throw SmithError(.missing, "the shard \(name) is not there", at: Place(file: path))
      }
      for tensor in tensors where locations[tensor]?.shard != shards.count - 1 {
        throw SmithError(
          .missing, "the index says that it is in \(name), which has no such tensor",
          at: Place(file: path, item: tensor))
      }
    }
  }

  private mutating func add(shard path: String) throws(SmithError) {
    let file = try InputFile(path)
    let header = try SafetensorsHeader(file)
    tensors.reserveCapacity(tensors.count + header.entries.count)
    locations.reserveCapacity(tensors.count + header.entries.count)
    for entry in header.entries {
      let location = Location(
        shard: shards.count, offset: header.dataStart + entry.begin,
        byteCount: entry.info.byteCount)
      if let other = locations.updateValue(location, forKey: entry.info.name) {
        throw SmithError(
          .mismatch, "the tensor is in \(shards[other.shard].path.lastComponent) as well",
          at: Place(file: path, item: entry.info.name))
      }
      tensors.append(entry.info)
    }
    metadata.merge(header.metadata) { first, _ in first }
    shards.append(file)
    files.append(path)
  }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    guard let location = locations[tensor.name] else {
      throw SmithError(.missing, "no such tensor", at: Place(file: files.first, item: tensor.name))
    }
    let file = shards[location.shard]
    guard offset >= 0, span.byteCount <= location.byteCount,
      offset <= location.byteCount - span.byteCount
    else {
      throw SmithError(
        .usage, "\(span.byteCount) bytes at \(offset) of \(location.byteCount)",
        at: Place(file: file.path, item: tensor.name))
    }
    do throws(SmithError) {
      try file.read(at: location.offset + offset, into: &span)
    } catch { throw error.at(item: tensor.name) }
  }
}
