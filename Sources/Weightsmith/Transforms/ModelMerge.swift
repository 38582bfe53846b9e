import SmithBytes
import SmithModels
import SmithTensors
import Synchronization

extension Model {
  /// The model between this one and another of the same configuration, whatever files and names the two come from. Linear merges read no
  /// weight; spherical ones read all of both once, for the angles.
  ///
  /// `.usage` for a t outside 0 … 1; `.refused` with all differences where the two are not of one configuration.
  public func merging(
    _ other: Model, _ interpolation: Interpolation, workers: Workers = .all
  ) throws(SmithError) -> Model {
    guard (0...1).contains(interpolation.t) else {
      throw SmithError(.usage, "\(interpolation.t): expected a share from 0 to 1")
    }
    let differences = configuration.differences(from: other.configuration)
    guard differences.isEmpty, Set(parameters.recipes.keys) == Set(other.parameters.recipes.keys)
    else {
      throw SmithError(
        .refused,
        "cannot be merged with \(other.checkpoint.path): \(differences.isEmpty ? "other parameters" : differences.joined(separator: ", "))",
        at: Place(file: checkpoint.path), remedy: "two models of one configuration")
    }
    var joined = JoinedSource(source, other.source, as: "other")
    var pairs: [(name: String, a: Recipe, b: Recipe)] = []
    for name in parameters.recipes.keys {
      guard let a = parameters.effectiveRecipe(name), let b = other.parameters.effectiveRecipe(name)
      else { continue }
      pairs.append((name, a, b.renamingSources { joined.prefix + $0 }))
    }
    let weights = try interpolation.weights(of: pairs, in: joined, workers)
    var result = parameters
    result.schemes = [:]
    for (pair, weight) in zip(pairs, weights) {
      result.recipes[pair.name] = Recipe.between(pair.a, pair.b, weight)
    }
    joined.notes.append(interpolation.note(other.checkpoint.path, weights))
    let merged = Checkpoint(
      path: checkpoint.path, folder: checkpoint.folder, source: joined, own: checkpoint.own,
      merged: checkpoint.merged)
    return replacing(merged, parameters: result)
  }
}

extension Interpolation {
  /// The weights of both for each parameter.
  fileprivate func weights(
    of pairs: [(name: String, a: Recipe, b: Recipe)], in source: any TensorSource,
    _ workers: Workers
  ) throws(SmithError) -> [(Double, Double)] {
    let linear = [(Double, Double)](repeating: (1 - t, t), count: pairs.count)
    guard method == .spherical else { return linear }
    let found = Mutex(linear)
    let shared = RecipeEvaluator(source: source)
    try workers.forEach(pairs.count) { index throws(SmithError) in
      var (left, right) = (shared, shared)
      let (name, a, b) = pairs[index]
      var angle = Angle()
      do throws(SmithError) {
        for rows in Slabs(a) {
          angle.add(try left.doubles(a, rows: rows), try right.doubles(b, rows: rows))
        }
      } catch { throw error.at(item: name) }
      let weights = weights(angle)
      found.withLock { $0[index] = weights }
    }
    return found.withLock { $0 }
  }

  fileprivate func note(_ path: String, _ weights: [(Double, Double)]) -> String {
    let start = "merged with \(path), \(method.rawValue) \(t): \(weights.count) parameters"
    let count = weights.count { $0 == (1 - t, t) }
    return method == .spherical && count > 0
      ? "\(start), \(count) of them so near to parallel that the merge is linear" : start
  }
}

extension Recipe {
  /// What has no share is not read: its NaN are not the result's.
  fileprivate static func between(_ a: Recipe, _ b: Recipe, _ weights: (Double, Double)) -> Recipe {
    if weights == (1, 0) { return a }
    if weights == (0, 1) { return a.dtype == b.dtype ? b : .cast(b, to: a.dtype) }
    return .combination([a, b], weights: [weights.0, weights.1], as: a.dtype)
  }
}

extension ModelConfiguration {
  /// What makes two models compute something else, in words.
  fileprivate func differences(from other: ModelConfiguration) -> [String] {
    var result: [String] = []
    func check<Value: Equatable>(_ name: String, _ own: Value, _ theirs: Value) {
      if own != theirs { result.append("\(name) \(own) and \(theirs)") }
    }
    check("family", family, other.family)
    for size in Set(sizes.keys).union(other.sizes.keys).sorted(by: { $0.rawValue < $1.rawValue }) {
      check(size.rawValue, self[size], other[size])
    }
    check("blocks by depth", schedule, other.schedule)
    check("activation", activation, other.activation)
    check("epsilon", layerNormEpsilon, other.layerNormEpsilon)
    check("norms", normPlacement, other.normPlacement)
    check("parts", parts.sorted(), other.parts.sorted())
    check("untied decoder", isUntied, other.isUntied)
    for head in Set(classes.keys).union(other.classes.keys).sorted() {
      check("classes of \(head)", classes[head] ?? 0, other.classes[head] ?? 0)
    }
    if settings != other.settings { result.append("other settings") }
    check("padding token", padding, other.padding)
    return result
  }
}
