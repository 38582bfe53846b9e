import SmithBytes
import SmithTensors

/// Writes what `flax.serialization.to_bytes` writes of the same tree in the same order, byte for byte: a name's parts between `/` are
/// the keys on the way to it, in the order in which they come first.
///
/// One file `STEM.msgpack`; beyond `maxShardBytes` of tensors `STEM-00001-of-00002.msgpack` … and `STEM.msgpack.index.json`, as
/// transformers has them.
struct FlaxWriter: ContainerWriter {
  let dtypes = DType.ofFlax
  let nameSeparator: Character? = "/"
  /// Arrays above this are written in chunks, bytes.
  var chunkBytes = 1 << 30

  func obstacle(to tensor: TensorInfo) -> String? {
    if let obstacle = encodingObstacle(to: tensor) { return obstacle }
    if tensor.shape.count > FlaxLeaf.maxRank { return "more than \(FlaxLeaf.maxRank) dimensions" }
    let parts = tensor.name.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count > FlaxTree.maxDepth { return "names of more than \(FlaxTree.maxDepth) parts" }
    if parts.contains(where: { $0 == FlaxTree.chunkedKey }) {
      return "names with \(FlaxTree.chunkedKey)"
    }
    return tensor.name.utf8.count > FlaxTree.maxNameBytes ? "names of more than 4 KiB" : nil
  }

  func layout(
    _ tensors: [TensorInfo], options: WriterOptions
  ) throws(SmithError) -> OutputLayout {
    for tensor in tensors {
      guard let obstacle = obstacle(to: tensor) else { continue }
      throw SmithError(
        .unsupported, "msgpack cannot hold \(obstacle)", at: Place(item: tensor.name))
    }
    let shards = try Sharding.members(tensors, maxBytes: options.maxShardBytes)
    var layout = OutputLayout(
      files: Sharding.names(
        stem: options.stem, count: shards.count, extension: Flax.fileExtension), pieces: [],
      placements: Array(repeating: .init(file: 0, offset: 0), count: tensors.count))
    for (file, members) in shards.enumerated() {
      let tree = try FlaxBranches(members, tensors)
      var bytes = FlaxBytes(file: file, chunkBytes: chunkBytes)
      try tree.write(tensors, into: &bytes)
      layout.pieces += bytes.pieces
      for (tensor, placement) in bytes.placements { layout.placements[tensor] = placement }
    }
    if shards.count > 1 {
      layout.pieces.append(
        .init(file: layout.files.count, offset: 0, bytes: try Self.index(tensors, layout)))
      layout.files.append(options.stem + Flax.indexSuffix)
    }
    return layout
  }

  /// As transformers writes it: sorted keys, two spaces, a newline at the end.
  private static func index(
    _ tensors: [TensorInfo], _ layout: OutputLayout
  ) throws(SmithError) -> [UInt8] {
    var total = 0
    var map = JSONObject()
    for (tensor, placement) in zip(tensors, layout.placements) {
      total = try total.adding(checked: tensor.byteCount)
      map[tensor.name] = .string(layout.files[placement.file])
    }
    let index: JSON = ["metadata": ["total_size": .integer(total)], "weight_map": .object(map)]
    return Array((index.serialized(pretty: true, sortedKeys: true) + "\n").utf8)
  }
}
