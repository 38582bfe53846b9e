import SmithBytes
import SmithModels
import SmithTensors

/// Chooses which parameters a scheme encodes.
struct Quantization {
  let scheme: any QuantizationScheme
  var keep: [Glob] = []
  /// Whether what another scheme stores may be encoded again.
  var requantizes = false
  /// How much an error in each column of a matrix counts.
  var importance: ImportanceWeights?
  /// Whether values that are no finite numbers are replaced instead of refused.
  var allowsNonfinite = false

  /// Never quantized by default, whatever the scheme: their error is not averaged out, and they are small.
  static let kept = ["embeddings.position", "embeddings.tokenType"]

  /// `.refused` when the scheme takes no matrix at all: the output would be the input under a false name.
  func applied(to parameters: Parameters) throws(SmithError) -> Parameters {
    var result = parameters
    var others: [String: [(String, [Int])]] = [:]
    try importance?.check(parameters, scheme)
    var unweighed: [String] = []
    for (name, recipe) in parameters.recipes
    where Self.isCandidate(name, recipe, keeping: keep) {
      let chosen = scheme.holding(recipe.shape)
      if chosen?.name != scheme.name {
        others[chosen?.name ?? "", default: []].append((name, recipe.shape))
      }
      guard let chosen else { continue }
      try refuseSecondScheme(recipe, chosen, name)
      result.schemes[name] = chosen.name
      if allowsNonfinite, recipe.storedScheme == nil { result.recipes[name] = .finite(recipe) }
      guard let importance, chosen.takesImportance, recipe.storedScheme != chosen.storedName else {
        continue
      }
      if let columns = importance.columns[name], let values = result.recipes[name] {
        result.recipes[name] = .weighing(values, importance: columns)
      } else {
        unweighed.append(name)
      }
    }
    if let first = unweighed.first {
      let count = unweighed.count == 1 ? "1 matrix" : "\(unweighed.count) matrices"
      result.notes.append("without importance: \(count), first \(first)")
    }
    guard others[""]?.count != candidates(parameters), candidates(parameters) > 0 else {
      throw refusal(parameters)
    }
    for (substitute, matrices) in others.sorted(by: { $0.key < $1.key }) {
      result.notes.append(note(substitute, matrices))
    }
    return result
  }

  /// A matrix of numbers, not of the few that are always kept.
  static func isCandidate(_ name: String, _ recipe: Recipe, keeping keep: [Glob]) -> Bool {
    recipe.shape.count == 2 && recipe.dtype.isFloat && !kept.contains(name)
      && !keep.contains { $0.matches(name) }
  }

  private func candidates(_ parameters: Parameters) -> Int {
    parameters.recipes.count { Self.isCandidate($0.key, $0.value, keeping: keep) }
  }

  private func refuseSecondScheme(
    _ recipe: Recipe, _ chosen: any QuantizationScheme, _ name: String
  ) throws(SmithError) {
    guard let stored = recipe.storedScheme, stored != chosen.storedName, !requantizes else {
      return
    }
    throw SmithError(
      .refused, "it is stored as \(stored): \(chosen.name) would add its error to that one's",
      at: Place(item: name), remedy: "the original model, or --requantize")
  }

  /// What became of matrices that the scheme cannot hold.
  private func note(_ substitute: String, _ matrices: [(String, [Int])]) -> String {
    let first = matrices.first?.0 ?? ""
    let count = matrices.count == 1 ? "1 matrix" : "\(matrices.count) matrices"
    let lengths = Set(matrices.map { $0.1.last ?? 0 }).sorted().map(String.init)
    let rows = "whose rows (\(lengths.joined(separator: ", "))) \(scheme.name) cannot hold"
    let which = matrices.count == 1 ? first : "first \(first)"
    return substitute.isEmpty
      ? "kept as they are: \(count) \(rows), \(which)"
      : "\(substitute) instead of \(scheme.name): \(count) \(rows), \(which)"
  }

  private func refusal(_ parameters: Parameters) -> SmithError {
    var reason = "every matrix is kept"
    for (name, recipe) in parameters.recipes where Self.isCandidate(name, recipe, keeping: keep) {
      do throws(SmithError) { _ = try scheme.components(shape: recipe.shape) } catch {
        reason = error.detail
      }
    }
    return SmithError(
      .refused, "\(scheme.name) takes no matrix of this model: \(reason)",
      remedy: "another --scheme")
  }
}
