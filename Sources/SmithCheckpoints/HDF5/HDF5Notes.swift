/// What a user should know of a file and would not see from its tensors.
enum HDF5Notes {
  static func of(_ metadata: HDF5Metadata, _ contents: HDF5Contents) -> [String] {
    var notes: [String] = []
    let aliases = metadata.datasetAliases
    if let first = aliases.first, metadata.datasets.indices.contains(first.target) {
      let target = metadata.datasets[first.target].info.name
      notes.append(
        "\(counted(aliases.count, "tensor is", "tensors are")) another name of one that is listed as well: "
          + "\(first.name) is \(target)\(aliases.count > 1 ? ", …" : "")")
    }
    let names = metadata.datasets.map(\.info.name) + aliases.map(\.name)
    notes += optimizer(names.filter { KerasWeights.isOptimizer($0, contents) })
    if !metadata.dangling.isEmpty {
      notes.append(
        "\(counted(metadata.dangling.count, "soft link leads", "soft links lead")) nowhere: "
          + metadata.dangling.prefix(3).joined(separator: ", ")
          + (metadata.dangling.count > 3 ? ", …" : ""))
    }
    return notes
  }

  /// A note on the optimizer's tensors, where there are any.
  static func optimizer(_ names: [String]) -> [String] {
    guard let first = names.first else { return [] }
    return [
      "\(counted(names.count, "tensor is", "tensors are")) the optimizer's state, not the model's: "
        + "\(first)\(names.count > 1 ? ", …" : "")"
    ]
  }

  private static func counted(_ count: Int, _ one: String, _ many: String) -> String {
    "\(count) \(count == 1 ? one : many)"
  }
}
