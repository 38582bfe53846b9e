import SmithBytes

/// A layer of a Keras file with its variables, in the order in which the model keeps them.
public struct KerasLayer: Hashable, Sendable {
  /// The user's name of the layer where the file has it, else the last part of its path.
  public var name: String
  /// The names of its tensors.
  public var weights: [String]
}

/// The order that Keras files keep apart from their groups, which come back in alphabetical order (formats §3.3, §3.5).
enum KerasWeights {
  /// Keras 2, weights or whole model: `layer_names`, and each layer's `weight_names`; then `top_level_model_weights`. Nil for other
  /// files. `.missing` for a layer or weight that is named and not there.
  static func layers(of source: HDF5Source) throws(SmithError) -> [KerasLayer]? {
    let contents = source.contents
    for root in ["", "model_weights"] {
      guard let names = contents.strings("layer_names", of: root) else { continue }
      let tensors = Set(source.tensors.map(\.name))
      var layers: [KerasLayer] = []
      for name in names + ["top_level_model_weights"] {
        let group = root.isEmpty ? name : "\(root)/\(name)"
        guard contents.contains(group) else {
          if name == "top_level_model_weights" { continue }
          throw SmithError(
            .missing, "layer_names lists this layer, which is not there",
            at: Place(file: source.files[0], item: group))
        }
        let weights = (contents.strings("weight_names", of: group) ?? []).map {
          let path = "\(group)/\($0)"
          return tensors.contains(path) ? path : contents.resolved(path)
        }
        if let absent = weights.first(where: { !tensors.contains($0) }) {
          throw SmithError(
            .missing, "weight_names lists this weight, which is not there",
            at: Place(file: source.files[0], item: absent))
        }
        if name == "top_level_model_weights", weights.isEmpty { continue }
        layers.append(KerasLayer(name: name, weights: weights))
      }
      return layers
    }
    return kerasThree(source)
  }

  /// Keras 3: variables `0`, `1`, … in each group `vars`. Of equal class, layers are numbered; the order of different classes is
  /// only in config.json, which is not interpreted.
  private static func kerasThree(_ source: HDF5Source) -> [KerasLayer]? {
    var groups: [String: [(number: Int, name: String)]] = [:]
    for tensor in source.tensors where !isOptimizer(tensor.name, source.contents) {
      let parts = tensor.name.split(separator: "/")
      guard parts.count >= 2, parts[parts.count - 2] == "vars",
        let number = Int(parts[parts.count - 1])
      else { continue }
      groups[parts.dropLast().joined(separator: "/"), default: []].append((number, tensor.name))
    }
    if groups.isEmpty { return nil }
    let ordered = groups.keys.map { (key: NaturalOrder($0), path: $0) }.sorted { $0.key < $1.key }
    return ordered.map { _, path in
      let own = source.contents.strings("name", of: path)?.first
      let fallback = path.split(separator: "/").dropLast().last.map(String.init) ?? ""
      let weights = (groups[path] ?? []).sorted { $0.number < $1.number }.map(\.name)
      return KerasLayer(name: own ?? fallback, weights: weights)
    }
  }

  /// Whether a tensor is the optimizer's: Keras 2 keeps its state beside `model_weights`, Keras 3 under `optimizer`.
  static func isOptimizer(_ name: String, _ contents: HDF5Contents) -> Bool {
    if name.hasPrefix("optimizer_weights/") { return contents.contains("model_weights") }
    return isOptimizer(name)
  }

  /// The same for files that can only be of Keras 3.
  static func isOptimizer(_ name: String) -> Bool { name.hasPrefix("optimizer/vars/") }
}

extension HDF5Source {
  /// The layers of a Keras file in the model's order with their variables in order; nil where the file is none of Keras.
  public func kerasLayers() throws(SmithError) -> [KerasLayer]? {
    try KerasWeights.layers(of: self)
  }
}

/// A path whose numbers count as numbers: `layers/dense`, `layers/dense_2`, `layers/dense_10`.
struct NaturalOrder: Comparable {
  private struct Part: Comparable {
    var text: Substring
    /// What follows the last underscore; -1 where that is no number.
    var number: Int

    init(_ part: Substring) {
      let pieces = part.split(separator: "_", omittingEmptySubsequences: false)
      let last = pieces.last.flatMap { Int($0) }
      text = last == nil ? part : part.dropLast((pieces.last?.count ?? 0) + 1)
      number = last ?? -1
    }

    static func < (lhs: Part, rhs: Part) -> Bool {
      (lhs.text, lhs.number) < (rhs.text, rhs.number)
    }
  }

  private let parts: [Part]

  init(_ path: String) { parts = path.split(separator: "/").map(Part.init) }

  static func < (lhs: NaturalOrder, rhs: NaturalOrder) -> Bool {
    lhs.parts.lexicographicallyPrecedes(rhs.parts)
  }
}
