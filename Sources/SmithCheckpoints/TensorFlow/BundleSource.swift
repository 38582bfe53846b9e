import SmithBytes
import SmithTensors

/// An open tensor bundle.
struct BundleSource: TensorSource {
  let container = TensorFlowBundle.name
  let files: [String]
  let tensors: [TensorInfo]
  let metadata: [String: String] = [:]
  let notes: [String]
  private let stored: [String: StoredTensor]
  /// The data files that hold something, by shard id.
  private let shards: [Int: InputFile]
  private let isBigEndian: Bool

  init(prefix: String) throws(SmithError) {
    let file = try Self.indexFile(prefix)
    let index = try BundleIndex(file)
    let found = try Self.openShards(index, prefix: prefix, names: InputPath(file.path).entries)
    let names = try Self.objectNames(index, found)
    notes = names?.notes ?? []
    let listed = index.tensors.map { tensor in
      var tensor = tensor
      tensor.info.name = names?.names[tensor.info.name] ?? tensor.info.name
      return tensor
    }
    files = [file.path] + found.sorted { $0.key < $1.key }.map { $0.value.path }
    tensors = listed.map { $0.info }
    // Names are unique: the index has checked, and the object graph keeps them so.
    stored = Dictionary(listed.map { ($0.info.name, $0) }) { first, _ in first }
    shards = found
    isBigEndian = index.header.isBigEndian
  }

  /// What the object graph calls the tensors; nil for a checkpoint that names them itself.
  private static func objectNames(
    _ index: BundleIndex, _ shards: [Int: InputFile]
  ) throws(SmithError) -> ObjectNames? {
    guard
      let graph = index.tensors.first(where: {
        $0.info.name == ObjectGraph.key && $0.dtype == .string
      })
    else { return nil }
    let reader = PieceReader(tensor: graph, shards: shards)
    do throws(SmithError) {
      return ObjectNames(
        try ObjectGraph(ProtobufReader(try reader.text(atMost: BundleLimits.indexBytes))),
        keys: index.tensors.map { $0.info.name })
    } catch {
      throw error.at(file: shards[graph.first.shard]?.path, item: ObjectGraph.key)
    }
  }

  /// `PREFIX.index`; a table under any other name is opened as it is.
  private static func indexFile(_ prefix: String) throws(SmithError) -> InputFile {
    do throws(SmithError) { return try InputFile(prefix + ".index") } catch {
      guard error.kind == .notFound, try Footer.ends(prefix) else { throw error }
      return try InputFile(prefix)
    }
  }

  /// Opens the data files that tensors are in, and demands that each is long enough.
  private static func openShards(
    _ index: BundleIndex, prefix: String, names: [String]
  ) throws(SmithError) -> [Int: InputFile] {
    let count = ShardFiles.count(index.header.shards, prefix: prefix, among: names)
    var shards: [Int: InputFile] = [:]
    for tensor in index.tensors {
      do throws(SmithError) {
        for piece in tensor.pieces {
          let shard = piece.entry.shard
          if shards[shard] == nil { shards[shard] = try openShard(prefix, shard, of: count) }
          if let file = shards[shard] { try check(piece.entry, in: file) }
        }
      } catch { throw error.at(item: tensor.info.name) }
    }
    return shards
  }

  private static func openShard(
    _ prefix: String, _ shard: Int, of count: Int
  ) throws(SmithError) -> InputFile {
    let path = ShardFiles.name(prefix, shard, of: count)
    do throws(SmithError) { return try InputFile(path) } catch {
      guard error.kind == .notFound else { throw error }
      throw SmithError(
        .missing, "a data file of the checkpoint is not there", at: Place(file: path),
        remedy: "put all its data files beside the index")
    }
  }

  private static func check(_ entry: BundleEntry, in file: InputFile) throws(SmithError) {
    guard entry.size <= file.count, entry.offset <= file.count - entry.size else {
      throw SmithError(
        .truncated, "\(entry.size) bytes wanted, the file has \(file.count)",
        at: Place(file: file.path, offset: entry.offset))
    }
  }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    let stored = try find(tensor)
    let range = try Self.check(stored, offset, span.byteCount)
    guard isBigEndian, stored.swapWidth > 1 else {
      return try reader(stored).read(range, into: &span)
    }
    // Swapping takes whole elements: read those that the range touches.
    let width = stored.swapWidth
    let low = range.lowerBound / width * width
    let high = (range.upperBound + width - 1) / width * width
    if low == range.lowerBound, high == range.upperBound {
      try reader(stored).read(range, into: &span)
      span.swapBytes(ofWidth: width)
      return
    }
    var bytes = [UInt8](repeating: 0, count: high - low)
    var whole = bytes.mutableSpan
    var raw = whole.mutableBytes
    try reader(stored).read(low..<high, into: &raw)
    raw.swapBytes(ofWidth: width)
    span.copy(bytes, (range.lowerBound - low)..<(range.upperBound - low), to: 0)
  }

  func runningChecksum(_ tensor: TensorInfo) throws(SmithError) -> RunningChecksum? {
    let stored = try find(tensor)
    return isBigEndian && stored.swapWidth > 1 ? nil : reader(stored).runningChecksum
  }

  func verifyChecksum(_ tensor: TensorInfo) throws(SmithError) {
    let stored = try find(tensor)
    // Variants sum up something else than their bytes, and we cannot tell what else numbers of the future stand for.
    if stored.dtype == .opaque { return }
    for piece in stored.pieces { try reader(stored).verify(piece) }
  }

  private func find(_ tensor: TensorInfo) throws(SmithError) -> StoredTensor {
    guard let found = stored[tensor.name], found.info == tensor else {
      throw SmithError(
        .missing, "no such tensor in the checkpoint", at: Place(file: files[0], item: tensor.name))
    }
    return found
  }

  private func reader(_ tensor: StoredTensor) -> PieceReader {
    PieceReader(tensor: tensor, shards: shards)
  }

  private static func check(
    _ tensor: StoredTensor, _ offset: Int, _ count: Int
  ) throws(SmithError) -> Range<Int> {
    guard tensor.dtype.bits > 0 else {
      throw SmithError(
        .unsupported, "\(tensor.dtype.rawValue) tensors hold no numbers to read",
        at: Place(item: tensor.info.name))
    }
    guard offset >= 0, count <= tensor.info.byteCount, offset <= tensor.info.byteCount - count
    else {
      throw SmithError(
        .usage, "\(count) bytes at \(offset) of \(tensor.info.byteCount)",
        at: Place(item: tensor.info.name))
    }
    return offset..<(offset + count)
  }
}
