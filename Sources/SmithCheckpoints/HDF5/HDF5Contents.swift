/// Objects and their text by path, through any of their names.
struct HDF5Contents: Sendable {
  /// The first path of each path that is another name.
  private var firstPath: [String: String] = [:]
  private var objects: Set<String>
  /// By the object's first path, then by attribute.
  private var attributes: [String: [String: [String]]] = [:]

  init(_ metadata: HDF5Metadata) {
    objects = Set(metadata.groups)
    for dataset in metadata.datasets where !dataset.isElsewhere {
      objects.insert(dataset.info.name)
    }
    for alias in metadata.datasetAliases where metadata.datasets.indices.contains(alias.target) {
      firstPath[alias.name] = metadata.datasets[alias.target].info.name
    }
    for alias in metadata.groupAliases where metadata.groups.indices.contains(alias.target) {
      firstPath[alias.name] = metadata.groups[alias.target]
    }
    for attribute in metadata.attributes {
      attributes[attribute.object, default: [:]][attribute.name] = attribute.strings
    }
  }

  func contains(_ path: String) -> Bool { objects.contains(firstPath[path] ?? path) }

  /// The first path of what stands at `path`, where a group on the way may have another name.
  func resolved(_ path: String) -> String {
    var parts = path.split(separator: "/")[...]
    var rest: [Substring] = []
    while !parts.isEmpty {
      if let first = firstPath[parts.joined(separator: "/")] {
        return ([Substring(first)] + rest).joined(separator: "/")
      }
      rest.insert(parts.removeLast(), at: 0)
    }
    return path
  }

  /// The strings of `name`, or of its parts `name0`, `name1`, … where Keras split a long list.
  func strings(_ name: String, of path: String) -> [String]? {
    guard let own = attributes[firstPath[path] ?? path] else { return nil }
    if let whole = own[name] { return whole }
    guard var parts = own["\(name)0"] else { return nil }
    var index = 1
    while let part = own["\(name)\(index)"] {
      parts += part
      index += 1
    }
    return parts
  }

  /// The text of the root group, a list one item a line.
  var rootMetadata: [String: String] {
    var result: [String: String] = [:]
    for (name, strings) in attributes[""] ?? [:] where !strings.isEmpty {
      result[name] = strings.joined(separator: "\n")
    }
    for name in ["layer_names", "weight_names"] where result[name] == nil {
      guard let parts = strings(name, of: ""), !parts.isEmpty else { continue }
      result[name] = parts.joined(separator: "\n")
    }
    return result
  }
}
