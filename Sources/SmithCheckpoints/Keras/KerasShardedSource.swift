import SmithBytes
import SmithTensors

/// The files of a `NAME.weights.json` as one checkpoint. A tensor has its path in its file as its name, as if there were one file.
struct KerasShardedSource: TensorSource {
  let container = HDF5.name
  private(set) var files: [String]
  private(set) var tensors: [TensorInfo] = []
  private(set) var metadata: [String: String] = [:]
  private(set) var notes: [String] = []
  private var shards: [HDF5Source] = []
  private var owners: [String: Int] = [:]

  /// `.missing` for a shard that is not there and for a group that a shard should have part of and has not, `.mismatch` for a tensor
  /// that is in two shards or that the index does not list.
  init(index path: String, options: OpenOptions) throws(SmithError) {
    let index = try KerasShardIndex(path)
    files = [path]
    var groupFiles: [String: Set<String>] = [:]
    for (group, files) in index.groups { groupFiles[group] = Set(files) }
    for name in index.files {
      let shard: HDF5Source
      do throws(SmithError) {
        shard = try HDF5Source(path.parentFolder.appending(path: name), options: options)
      } catch {
        guard error.kind == .notFound else { throw error }
        throw SmithError(.missing, "the shard \(name) is not there", at: Place(file: path))
      }
      files += shard.files
      metadata.merge(shard.metadata) { first, _ in first }
      try add(shard, named: name, groupFiles)
    }
    notes = HDF5Notes.optimizer(tensors.map(\.name).filter(KerasWeights.isOptimizer))
    for (group, names) in index.groups {
      for name in names where !has(group, in: name) {
        throw SmithError(
          .missing, "the index says that it is in \(name), which has no such variables",
          at: Place(file: path, item: group))
      }
    }
  }

  private mutating func add(
    _ shard: HDF5Source, named name: String, _ groupFiles: [String: Set<String>]
  ) throws(SmithError) {
    for tensor in shard.tensors {
      let place = Place(file: shard.files[0], item: tensor.name)
      let group = tensor.name.split(separator: "/").dropLast().joined(separator: "/")
      guard groupFiles[group]?.contains(name) == true else {
        throw SmithError(.mismatch, "the index does not list this tensor's group", at: place)
      }
      if let other = owners.updateValue(shards.count, forKey: tensor.name) {
        throw SmithError(
          .mismatch, "the tensor is in \(shards[other].files[0].lastComponent) as well", at: place)
      }
      tensors.append(tensor)
    }
    shards.append(shard)
  }

  private func has(_ group: String, in file: String) -> Bool {
    guard let shard = shards.first(where: { $0.files[0].lastComponent == file }) else {
      return false
    }
    return shard.tensors.contains { $0.name.hasPrefix(group + "/") }
  }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    guard let shard = owners[tensor.name] else {
      throw SmithError(.missing, "no such tensor", at: Place(file: files[0], item: tensor.name))
    }
    try shards[shard].read(tensor, at: offset, into: &span)
  }
}
