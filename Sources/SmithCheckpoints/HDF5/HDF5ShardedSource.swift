import SmithBytes
import SmithTensors

/// The shards of a `tf_model.h5.index.json` as one checkpoint. Tensors have the names of the index, which begin with the
/// model's scope; inside a shard transformers leaves that first component out (formats §3.4).
struct HDF5ShardedSource: TensorSource {
  private struct Location: Sendable {
    let shard: Int
    /// As the shard describes it.
    let tensor: TensorInfo
  }

  let container = HDF5.name
  private(set) var files: [String]
  private(set) var tensors: [TensorInfo] = []
  private(set) var metadata: [String: String] = [:]
  private var shards: [HDF5Source] = []
  private var locations: [String: Location] = [:]

  /// `.missing` for a shard that is not there and a tensor its shard lacks, `.mismatch` for a tensor of a shard that the index
  /// does not list. A shard's `layer_names` are its own, so only metadata that all shards agree on is kept.
  init(index path: String, options: OpenOptions = OpenOptions()) throws(SmithError) {
    let index = try SafetensorsIndex(path)
    files = [path]
    for (name, tensors) in index.shards {
      let shardPath = path.parentFolder.appending(path: name)
      let shard: HDF5Source
      do throws(SmithError) { shard = try HDF5Source(shardPath, options: options) } catch {
        guard error.kind == .notFound else { throw error }
        throw SmithError(.missing, "the shard \(name) is not there", at: Place(file: path))
      }
      metadata =
        shards.isEmpty
        ? shard.metadata : metadata.filter { shard.metadata[$0.key] == $0.value }
      shards.append(shard)
      files.append(shardPath)
      try add(tensors, of: shard, listedIn: path)
    }
  }

  /// Pairs what the index lists with what the shard holds, each exactly once.
  private mutating func add(
    _ listed: [String], of shard: HDF5Source, listedIn path: String
  ) throws(SmithError) {
    let known = Set(shard.tensors.map(\.name))
    let own = Self.ownNames(shard)
    var fullNames: [String: String] = [:]
    for name in listed {
      guard let stored = [name, Self.withoutScope(name)].first(where: { known.contains($0) })
      else {
        throw SmithError(
          .missing,
          "the index says that it is in \(shard.files[0].lastComponent), "
            + "which has no such tensor", at: Place(file: path, item: name))
      }
      if let other = fullNames.updateValue(name, forKey: stored) {
        throw SmithError(
          .mismatch, "the index lists \(other) for the same tensor",
          at: Place(file: path, item: name))
      }
    }
    for tensor in shard.tensors {
      guard let name = fullNames[tensor.name] else {
        throw SmithError(
          .mismatch, "the index does not list this tensor",
          at: Place(file: shard.files[0], item: tensor.name))
      }
      var renamed = tensor
      renamed.name = own[tensor.name] ?? name
      tensors.append(renamed)
      let location = Location(shard: shards.count - 1, tensor: tensor)
      guard locations.updateValue(location, forKey: renamed.name) == nil else {
        throw SmithError(
          .mismatch, "a name used twice", at: Place(file: shard.files[0], item: renamed.name))
      }
    }
  }

  /// The full names of a shard that we wrote, by those of its datasets.
  private static func ownNames(_ shard: HDF5Source) -> [String: String] {
    let full = shard.contents.strings(HDF5Names.fullNames, of: "") ?? []
    let stored = shard.contents.strings("layer_names", of: "") ?? []
    return Dictionary(zip(stored, full), uniquingKeysWith: { first, _ in first })
  }

  private static func withoutScope(_ name: String) -> String {
    name.firstIndex(of: "/").map { String(name[name.index(after: $0)...]) } ?? name
  }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    guard let location = locations[tensor.name] else {
      throw SmithError(.missing, "no such tensor", at: Place(file: files[0], item: tensor.name))
    }
    try shards[location.shard].read(location.tensor, at: offset, into: &span)
  }
}
