import SmithBytes

/// A shard index: `{"metadata": {"total_size": …}, "weight_map": {"tensor": "shard file"}}`.
struct SafetensorsIndex: Sendable {
  /// The largest index file we read, bytes: a name and a shard name for each of 10^6 tensors.
  static let maxBytes = 256 << 20

  /// Tensor names by shard, shards in the order of their names.
  let shards: [(name: String, tensors: [String])]

  /// `.mismatch` for a tensor listed twice, `.malformed` for a shard name that is more than a file name.
  init(_ path: String) throws(SmithError) {
    do throws(SmithError) {
      let file = try InputFile(path)
      guard file.count <= Self.maxBytes else {
        throw SmithError(
          .limit, "an index of \(file.count) bytes, at most \(Self.maxBytes) are read")
      }
      shards = try Self.parse(try file.bytes(0..<file.count))
    } catch { throw error.at(file: path) }
  }

  private static func parse(
    _ bytes: [UInt8]
  ) throws(SmithError) -> [(name: String, tensors: [String])] {
    var scanner = JSONScanner(bytes)
    var shards: [String: [String]]?
    try scanner.beginObject()
    while let key = try scanner.nextKey() {
      guard key == "weight_map" else {
        try scanner.skipValue()
        continue
      }
      if shards != nil { throw scanner.error(.mismatch, "weight_map stands twice") }
      shards = try weightMap(&scanner)
    }
    try scanner.finish()
    guard let shards else { throw SmithError(.malformed, "no weight_map") }
    return shards.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func weightMap(
    _ scanner: inout JSONScanner
  ) throws(SmithError) -> [String: [String]] {
    var shards: [String: [String]] = [:]
    var names: Set<String> = []
    try scanner.beginObject()
    while let tensor = try scanner.nextKey() {
      let start = scanner.position
      let shard = try scanner.string()
      guard shard.isPlainFileName else {
        throw scanner.error(.malformed, "\"\(shard)\" is no plain file name", at: start)
          .at(item: tensor)
      }
      guard names.insert(tensor).inserted else {
        throw scanner.error(.mismatch, "the tensor is listed twice", at: start).at(item: tensor)
      }
      shards[shard, default: []].append(tensor)
    }
    return shards
  }
}
