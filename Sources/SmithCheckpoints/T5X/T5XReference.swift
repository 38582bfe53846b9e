import SmithBytes
import SmithTensors

/// An array outside the tree: the TensorStore spec that stands in its place.
struct T5XReference {
  /// What of a spec says where the array is; the rest is compared with the array's own metadata.
  private enum Key {
    static let driver = "driver"
    static let store = "kvstore/driver"
    /// TensorStore before 0.1.14 had it beside the store.
    static let paths = ["kvstore/path", "path"]
    static let dtype = "dtype"
    static let shape = "metadata/shape"
    static let chunks = "metadata/chunks"
    static let compressor = "metadata/compressor/id"
  }

  /// Files, Google's files, Google's cloud: T5X too looks beside the tree, whichever of them the checkpoint was written to.
  private static let stores = ["file", "gfile", "gcs"]

  let name: String
  /// The file offset of the spec's first value.
  let offset: Int
  private var texts: [String: String] = [:]
  private var numbers: [String: UInt64] = [:]
  private var empty: Set<String> = []

  init(name: String, offset: Int) { (self.name, self.offset) = (name, offset) }

  /// Orbax's placeholder says the folder and nothing else.
  init(name: String, offset: Int, placeholder path: String) {
    self.init(name: name, offset: offset)
    texts = [Key.driver: "zarr", Key.paths[0]: path]
  }

  mutating func add(
    _ value: FlaxLeaf.Value, _ key: String, _ reader: MessagePackReader
  ) throws(SmithError) {
    switch value {
    case .text(let range): texts[key] = try reader.text(range, limit: FlaxTree.maxNameBytes)
    case .number(.i64, let bytes), .number(.u64, let bytes): numbers[key] = Self.number(bytes)
    case .number: break
    case .nothing: empty.insert(key)
    case .array: throw SmithError(.malformed, "an array in the place of a spec's \(key)")
    }
  }

  /// Little endian.
  static func number(_ bytes: [UInt8]) -> UInt64 {
    bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The folder's name within the checkpoint. `.unsupported` for other drivers, `.refused` for a path out of the folder.
  func path() throws(SmithError) -> String {
    let driver = texts[Key.driver] ?? ""
    guard driver == "zarr" else {
      throw SmithError(
        .unsupported, "an array that TensorStore's driver \(driver) holds, we read zarr",
        remedy: "save the checkpoint with T5X, or as safetensors")
    }
    let store = texts[Key.store] ?? Self.stores[0]
    guard Self.stores.contains(store) else {
      throw SmithError(
        .unsupported, "an array in the store \(store), which is not opened",
        remedy: "copy the arrays' folders beside the file checkpoint and save it again from there")
    }
    guard var path = Key.paths.lazy.compactMap({ texts[$0] }).first(where: { !$0.isEmpty }) else {
      throw SmithError(.malformed, "a spec without a path")
    }
    while path.hasSuffix("/"), path.count > 1 { path.removeLast() }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ String($0).isPlainFileName }) else {
      throw SmithError(
        .refused, "an array at \(path), which is not a path within this folder",
        remedy: "a copy of the checkpoint with all its folders, as T5X wrote it")
    }
    return path
  }

  /// `.mismatch` where the spec and the array's own metadata say different things.
  func check(_ metadata: ZarrMetadata) throws(SmithError) {
    for (key, own) in [(Key.shape, metadata.shape), (Key.chunks, metadata.chunks)] {
      guard let said = list(key), said != own.map({ UInt64($0) }) else { continue }
      throw SmithError(.mismatch, "\(key) is \(said) in the tree and \(own) in .zarray")
    }
    if let said = texts[Key.dtype], DType(flax: said) != metadata.dtype {
      throw SmithError(
        .mismatch, "dtype is \(said) in the tree and \(metadata.dtype.rawValue) in .zarray")
    }
    let own = metadata.wrapper.map { $0 == .gzip ? "gzip" : "zlib" } ?? "none"
    if let said = texts[Key.compressor], said != own {
      throw SmithError(.mismatch, "the compressor is \(said) in the tree and \(own) in .zarray")
    }
  }

  /// Numbers `0`, `1`, … below a key; nil where the key is not there.
  private func list(_ key: String) -> [UInt64]? {
    if empty.contains(key) { return [] }
    var list: [UInt64] = []
    while let number = numbers["\(key)/\(list.count)"] { list.append(number) }
    return list.isEmpty ? nil : list
  }
}
