import SmithBytes

/// The index of a sharded Keras 3 file, `NAME.weights.json`: `{"metadata": …, "weight_map": {"/layers/dense/vars": "file" or ["file", …]}}`.
struct KerasShardIndex: Sendable {
  static let suffix = ".weights.json"
  static let maximumBytes = 64 << 20

  /// The files of each group of variables, groups without the leading slash, in the order of the index.
  let groups: [(path: String, files: [String])]

  /// `.mismatch` for a group listed twice, `.malformed` for a file name that is more than that.
  init(_ path: String) throws(SmithError) {
    do throws(SmithError) {
      let file = try InputFile(path)
      guard file.count <= Self.maximumBytes else {
        throw SmithError(
          .limit, "an index of \(file.count) bytes, at most \(Self.maximumBytes) are read")
      }
      groups = try Self.parse(try file.bytes(0..<file.count))
    } catch { throw error.at(file: path) }
  }

  /// Every file, each once, sorted.
  var files: [String] { Set(groups.flatMap(\.files)).sorted() }

  private static func parse(
    _ bytes: [UInt8]
  ) throws(SmithError) -> [(path: String, files: [String])] {
    var scanner = JSONScanner(bytes)
    var groups: [(path: String, files: [String])]?
    try scanner.beginObject()
    while let key = try scanner.nextKey() {
      guard key == "weight_map" else {
        try scanner.skipValue()
        continue
      }
      if groups != nil { throw scanner.error(.mismatch, "weight_map stands twice") }
      groups = try weightMap(&scanner)
    }
    try scanner.finish()
    guard let groups else { throw SmithError(.malformed, "no weight_map") }
    return groups
  }

  private static func weightMap(
    _ scanner: inout JSONScanner
  ) throws(SmithError) -> [(path: String, files: [String])] {
    var groups: [(path: String, files: [String])] = []
    var names: Set<String> = []
    try scanner.beginObject()
    while let group = try scanner.nextKey() {
      let start = scanner.position
      var files: [String] = []
      if try scanner.peek() == .array {
        try scanner.beginArray()
        while try scanner.nextElement() { files.append(try scanner.string()) }
      } else {
        files = [try scanner.string()]
      }
      if let bad = files.first(where: { !$0.isPlainFileName }) {
        throw scanner.error(.malformed, "\"\(bad)\" is no plain file name", at: start)
          .at(item: group)
      }
      let path = String(group.drop { $0 == "/" })
      guard names.insert(path).inserted else {
        throw scanner.error(.mismatch, "the group is listed twice", at: start).at(item: group)
      }
      groups.append((path, files))
    }
    return groups
  }
}
