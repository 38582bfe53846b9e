import SmithBytes
import SmithTensors

/// Writes a tensor bundle as TensorFlow's own writer does: tensors in key order, back to back, then the index; and a
/// `checkpoint` state file, so that `tf.train.latest_checkpoint` finds it.
struct BundleWriter: ContainerWriter {
  var dtypes: Set<DType> { TensorType.writable }

  /// `.unsupported` for types TensorFlow does not store, `.refused` for names that the index keeps for itself, `.limit`
  /// beyond what readers accept.
  func layout(
    _ tensors: [TensorInfo], options: WriterOptions
  ) throws(SmithError) -> OutputLayout {
    for tensor in tensors { try Self.check(tensor) }
    var shard = 0
    var end = 0
    var placements = tensors.map { _ in OutputLayout.Placement(file: 0, offset: 0) }
    for index in Self.keyOrder(tensors) {
      let count = tensors[index].byteCount
      if let most = options.maxShardBytes, end > 0, count > most - end {
        (shard, end) = (shard + 1, 0)
      }
      placements[index] = OutputLayout.Placement(file: shard, offset: end)
      end = try end.adding(checked: count)
    }
    let data = (0...shard).map { ShardFiles.name(options.stem, $0, of: shard + 1) }
    let state = CheckpointState(path: options.stem).encoded
    return OutputLayout(
      files: data + [options.stem + ".index", CheckpointState.fileName],
      pieces: [OutputLayout.Piece(file: data.count + 1, offset: 0, bytes: state)],
      placements: placements)
  }

  /// The index: the only file whose size follows from the tensors' checksums.
  func finish(
    _ layout: OutputLayout, tensors: [TensorInfo], checksums: [UInt32], options: WriterOptions
  ) throws(SmithError) -> [OutputLayout.Piece] {
    // Data files come first, the index and the state file last.
    let shards = layout.files.count - 2
    var table = TableBuilder()
    table.add([], BundleHeader(shards: shards).encoded)
    for index in Self.keyOrder(tensors) {
      let tensor = tensors[index]
      var entry = BundleEntry()
      entry.type = try Self.check(tensor)
      entry.shape = tensor.shape
      entry.shard = layout.placements[index].file
      entry.offset = layout.placements[index].offset
      entry.size = tensor.byteCount
      entry.maskedCRC = CRC32C.mask(checksums[index])
      table.add(Array(tensor.name.utf8), entry.encoded)
    }
    return [OutputLayout.Piece(file: shards, offset: 0, bytes: table.finish())]
  }

  /// The order of keys in the index and of bytes in the data files.
  private static func keyOrder(_ tensors: [TensorInfo]) -> [Int] {
    let keys = tensors.map { Array($0.name.utf8) }
    return tensors.indices.sorted { keys[$0].lexicographicallyPrecedes(keys[$1]) }
  }

  /// TensorFlow's number for the tensor's type.
  @discardableResult
  private static func check(_ tensor: TensorInfo) throws(SmithError) -> Int32 {
    let place = Place(item: tensor.name)
    guard let type = tensor.encoding.dtype.flatMap(TensorType.number) else {
      throw SmithError(
        .unsupported, "a TensorFlow checkpoint does not hold \(tensor.encoding.name)", at: place)
    }
    // The empty key is the header's, keys that begin with byte 0 are slices'.
    guard let first = tensor.name.utf8.first, first != 0 else {
      throw SmithError(.refused, "a name that a TensorFlow checkpoint cannot hold", at: place)
    }
    guard tensor.name.utf8.count <= BundleLimits.nameBytes, tensor.shape.count <= BundleLimits.rank
    else {
      throw SmithError(
        .limit, "a name of \(tensor.name.utf8.count) bytes, \(tensor.shape.count) dimensions",
        at: place)
    }
    return type
  }
}
