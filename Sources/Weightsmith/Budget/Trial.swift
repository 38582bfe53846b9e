import SmithBytes
import SmithKernels
import SmithModels
import SmithTensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Measures what a model loses when some of its parameters are stored otherwise, on one input.
struct Trial: Sendable {
  let parameters: Parameters
  let source: any TensorSource
  let input: ModelInput
  let workers: Workers
  /// The parameters as they are, in memory: only what changes is computed again.
  private let weights: [String: [Float]]
  private let expected: Activations<Float>

  init(
    _ parameters: Parameters, _ source: any TensorSource, on input: ModelInput, _ workers: Workers
  ) throws(SmithError) {
    self.parameters = parameters
    self.source = source
    self.input = input
    self.workers = workers
    var evaluator = RecipeEvaluator(source: source)
    var weights: [String: [Float]] = [:]
    for name in parameters.recipes.keys {
      guard let recipe = parameters.effectiveRecipe(name), recipe.dtype.isFloat else { continue }
      do throws(SmithError) { weights[name] = try evaluator.floats(recipe) } catch {
        throw error.at(item: name)
      }
    }
    self.weights = weights
    let whole = TrialWeights(
      kept: weights, changed: [], weights: ModelWeights(parameters, source))
    expected = try Self.run(parameters, whole, input, workers)
  }

  var hasLogits: Bool { expected.taps.contains { $0.name.hasSuffix("logits") } }

  /// What is lost with these encodings, each as the user of the file has it.
  func loss(_ options: [String: EncodingOption]) throws(SmithError) -> Loss {
    var changed = parameters
    for (name, option) in options where option.choice != nil { option.apply(to: &changed, name) }
    let weights = TrialWeights(
      kept: weights, changed: Set(options.filter { $0.value.choice != nil }.keys),
      weights: ModelWeights(changed, source, .asStored))
    let actual = try Self.run(changed, weights, input, workers)
    return loss(of: actual)
  }

  private static func run(
    _ parameters: Parameters, _ weights: TrialWeights, _ input: ModelInput, _ workers: Workers
  ) throws(SmithError) -> Activations<Float> {
    let configuration = parameters.configuration
    let pass = try configuration.architecture.load(
      configuration, parameters: weights, backend: Backends.default)
    return try pass.forward(
      input, taps: .everyLayer, replacing: nil, observer: nil, workers: workers)
  }

  private func loss(of actual: Activations<Float>) -> Loss {
    let comparison = LayerComparison(input: input)
    var loss = Loss()
    let outputs = expected.outputs
    for tap in expected.taps {
      guard let other = actual[tap.name], other.shape == tap.shape else { continue }
      let difference = comparison.difference(tap, other)
      var row = LayerParity(
        name: tap.name, maxAbs: difference.maxAbs, meanAbs: difference.meanAbs,
        cosine: difference.cosine, floor: 0, tolerance: 0)
      if tap.name.hasSuffix("logits") {
        let found = comparison.distribution(tap, other)
        (row.topOne, row.divergence) = (found.topOne, found.divergence)
      }
      if outputs.contains(tap.name) { loss.squared += difference.relativeSquare }
      loss.layers.append(row)
    }
    return loss
  }
}

/// What one way to store a model loses.
struct Loss: Sendable {
  var layers: [LayerParity] = []
  /// Σ over the outputs of the squared error over the squares.
  var squared = 0.0

  func holds(_ policy: Policy) -> Bool { layers.allSatisfy { policy.failure(of: $0) == nil } }

  /// The figures that a budget is about, for a person.
  var summary: String {
    var parts: [String] = []
    if let it = layers.compactMap(\.divergence).max() { parts.append("kl \(it.significant)") }
    if let it = layers.compactMap(\.topOne).min() { parts.append("top1 \(it.significant)") }
    if let it = layers.map(\.cosine).min() { parts.append("cosine \(it.significant)") }
    if let it = layers.map(\.maxAbs).max() { parts.append("max-abs \(it.significant)") }
    return parts.joined(separator: ", ")
  }
}

extension Activations {
  /// What the model puts out: its logits, or the last layer where it has no head.
  fileprivate var outputs: Set<String> {
    let logits = taps.map(\.name).filter { $0.hasSuffix("logits") }
    let layers = taps.map(\.name).filter { $0.hasSuffix(".output") || $0.hasPrefix("outputs.") }
    return logits.isEmpty ? Set(layers.suffix(1)) : Set(logits)
  }
}

extension Double {
  /// Four digits, for a sentence.
  var significant: String {
    guard isFinite, self != 0 else { return "\(self)" }
    let exponent = Int(log10(magnitude).rounded(.down))
    if exponent < -4 || exponent > 5 {
      return "\((self / pow(10, Double(exponent)) * 100).rounded() / 100)e\(exponent)"
    }
    let scale = pow(10, Double(max(0, 5 - exponent)))
    return "\((self * scale).rounded() / scale)"
  }
}

/// Parameters in memory, but for those that a trial stores otherwise.
private struct TrialWeights: ParameterSource {
  let kept: [String: [Float]]
  let changed: Set<String>
  let weights: ModelWeights

  func contains(_ name: String) -> Bool { weights.contains(name) }

  func shape(of name: String) -> [Int]? { weights.shape(of: name) }

  func values(_ name: String, shape: [Int]) throws(SmithError) -> [Float] {
    if !changed.contains(name), let values = kept[name], weights.shape(of: name) == shape {
      return values
    }
    return try weights.values(name, shape: shape)
  }

  func bytes(_ name: String, shape: [Int]) throws(SmithError) -> ByteMatrix? {
    changed.contains(name) ? try weights.bytes(name, shape: shape) : nil
  }
}
