import SmithBytes
import SmithTensors

/// Where the tensors of one file to write stand in it, and what its attributes say of them.
struct HDF5Names {
  enum Style: Hashable {
    /// A tensor stands at the path that is its name. The first part of the path is its layer, the rest its weight name.
    case layers
    /// A shard as transformers writes it: `owner/tf_model/rest` stands at `rest`, and each such path is a layer of its own. The
    /// attribute `weightsmith.names` keeps the names in full.
    case shard
  }

  /// The attribute for the names of a shard's `layer_names`.
  static let fullNames = "weightsmith.names"

  /// The dataset's path for each name, in the order given.
  private(set) var paths: [String] = []
  /// Lists of text by group and attribute.
  private(set) var lists: [(group: String, attribute: String, strings: [String])] = []
  /// Soft links, by the path at which each stands.
  private(set) var links: [(path: String, target: String)] = []

  /// `.refused` for a name that cannot be a path: empty parts, `.`, NUL, or a tensor where another one needs a group.
  init(_ names: [String], style: Style) throws(SmithError) {
    switch style {
    case .layers: paths = names
    case .shard: paths = names.map { Self.rest(of: $0) ?? $0 }
    }
    try Self.check(paths)
    switch style {
    case .shard:
      lists = [("", "layer_names", paths), ("", Self.fullNames, names)]
    case .layers:
      var layers: [String] = []
      var weights: [String: [String]] = [:]
      for name in names {
        guard let slash = name.firstIndex(of: "/") else { continue }
        let layer = String(name[..<slash])
        if weights[layer] == nil { layers.append(layer) }
        weights[layer, default: []].append(String(name[name.index(after: slash)...]))
      }
      for tie in KerasTies.of(layers: layers, weights: weights) {
        links.append((tie.link, tie.target))
        weights[tie.layer, default: []] += tie.weights
      }
      lists = [("", "layer_names", layers)]
      for layer in layers { lists.append((layer, "weight_names", weights[layer] ?? [])) }
    }
  }

  /// Transformers' own form of a shard, where every name can have it and no two meet in it.
  static func shardStyle(_ tensors: [TensorInfo]) -> Style {
    let rests = tensors.compactMap { rest(of: $0.name) }
    return rests.count == tensors.count && Set(rests).count == rests.count ? .shard : .layers
  }

  /// The tensor's name in the index: without the layer that owns it in `tf_model.h5`.
  static func indexName(_ name: String, _ style: Style) -> String {
    style == .shard ? name.split(separator: "/").dropFirst().joined(separator: "/") : name
  }

  /// `rest` of `owner/tf_model/rest`.
  private static func rest(of name: String) -> String? {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count >= 3, parts[1].hasPrefix("tf_") else { return nil }
    return parts.dropFirst(2).joined(separator: "/")
  }

  private static func check(_ paths: [String]) throws(SmithError) {
    var groups: Set<String> = []
    for path in paths {
      let parts = path.split(separator: "/", omittingEmptySubsequences: false)
      guard !parts.contains(where: { $0.isEmpty || $0 == "." }), !path.utf8.contains(0) else {
        throw SmithError(.refused, "a name that is no path in HDF5", at: Place(item: path))
      }
      guard parts.count <= HDF5Walk.maximumDepth else {
        throw SmithError(.limit, "\(parts.count) groups deep", at: Place(item: path))
      }
      for count in 1..<max(parts.count, 1) {
        groups.insert(parts.prefix(count).joined(separator: "/"))
      }
    }
    var taken: Set<String> = []
    for path in paths {
      if groups.contains(path) {
        throw SmithError(
          .refused, "a tensor where HDF5 needs a group, for another name goes on from it",
          at: Place(item: path))
      }
      guard taken.insert(path).inserted else {
        throw SmithError(.refused, "the name is taken", at: Place(item: path))
      }
    }
  }
}
