import SmithBytes
import SmithTensors

/// The tensors of one safetensors file, or of the shards of an index.
struct SafetensorsSource: TensorSource {
  private struct Shard: Sendable {
    let file: InputFile
    let header: SafetensorsHeader
  }

  let container = Safetensors.name
  private(set) var files: [String] = []
  private(set) var tensors: [TensorInfo] = []
  private(set) var metadata: [String: String] = [:]
  private var shards: [Shard] = []
  /// The shard of each tensor where there are several.
  private var shardOf: [String: Int] = [:]

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
      try indexLastShard()
      for tensor in tensors where shardOf[tensor] != shards.count - 1 {
        throw SmithError(
          .missing, "the index says that it is in \(name), which has no such tensor",
          at: Place(file: path, item: tensor))
      }
    }
  }

  private mutating func add(shard path: String) throws(SmithError) {
    let file = try InputFile(path)
    let header = try SafetensorsHeader(file)
    tensors += header.tensors
    metadata.merge(header.metadata) { first, _ in first }
    shards.append(Shard(file: file, header: header))
    files.append(path)
  }

  private mutating func indexLastShard() throws(SmithError) {
    guard let shard = shards.last else { return }
    for tensor in shard.header.tensors {
      if let other = shardOf.updateValue(shards.count - 1, forKey: tensor.name) {
        throw SmithError(
          .mismatch, "the tensor is in \(shards[other].file.path.lastComponent) as well",
          at: Place(file: shard.file.path, item: tensor.name))
      }
    }
  }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    let shard = shards[shardOf[tensor.name] ?? 0]
    guard let (stored, start) = shard.header.tensor(named: tensor.name) else {
      throw SmithError(.missing, "no such tensor", at: Place(file: files.first, item: tensor.name))
    }
    guard offset >= 0, span.byteCount <= stored.byteCount,
      offset <= stored.byteCount - span.byteCount
    else {
      throw SmithError(
        .usage, "\(span.byteCount) bytes at \(offset) of \(stored.byteCount)",
        at: Place(file: shard.file.path, item: tensor.name))
    }
    do throws(SmithError) {
      try shard.file.read(at: start + offset, into: &span)
    } catch { throw error.at(item: tensor.name) }
  }
}
