import SmithBytes
import SmithKernels
import SmithModels
import SmithTensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Moves factors per channel where the model stays the same (`ExactFold`), so that what is rounded afterwards loses less.
struct ChannelScaling {
  /// How the factors of a channel are chosen from what it carries.
  enum Rule: Sendable {
    /// (mean|x|)^α with the α of least output error, over √(largest · smallest) (Lin et al. 2023, "AWQ", §3.2).
    case awq
    /// max|x|^α / max|w|^(1 − α) with α = ½ (Xiao et al. 2022, "SmoothQuant", §4).
    case smooth

    var name: String { self == .awq ? "awq" : "smoothquant" }
  }

  let rule: Rule
  /// What the scaled matrices will be stored by.
  let scheme: any QuantizationScheme
  let calibration: Calibration
  let source: any TensorSource

  private static let columns = ["fold", "vectors", "alpha", "before", "after"]
  private static let grid = (0...20).map { Float($0) / 20 }

  /// `.refused` for a model without a place for factors.
  func applied(to parameters: Parameters) throws(SmithError) -> Parameters {
    let folds = Self.folds(of: parameters)
    guard !folds.isEmpty else {
      throw SmithError(
        .refused, "\(rule.name) has no place in this model where factors change nothing",
        remedy: "--method gptq")
    }
    let consumers = Set(folds.flatMap(\.consumers))
    let statistics = try calibration.statistics(
      of: parameters, source, for: { consumers.contains($0) }, grams: true)
    var result = parameters
    var finding = Finding(rule.name, columns: Self.columns)
    for fold in folds {
      do throws(SmithError) { try scale(fold, statistics, &result, &finding) } catch {
        throw error.at(item: fold.name)
      }
    }
    result.findings.append(finding)
    if let reason = parameters.configuration.encoder.unfoldable {
      result.notes.append("\(rule.name): \(reason): not scaled")
    }
    return result
  }

  private static func folds(of parameters: Parameters) -> [ExactFold] {
    guard parameters.configuration.architecture is EncoderArchitecture else { return [] }
    return parameters.configuration.encoder.exactFolds.filter { fold in
      (fold.producers + fold.consumers).allSatisfy { parameters.recipes[$0] != nil }
    }
  }

  private func scale(
    _ fold: ExactFold, _ statistics: [String: LayerStatistics], _ parameters: inout Parameters,
    _ finding: inout Finding
  ) throws(SmithError) {
    guard let inputs = fold.consumers.first.flatMap({ statistics[$0] }) else { return }
    var evaluator = RecipeEvaluator(source: source)
    var matrices: [(name: String, shape: [Int], values: [Float])] = []
    for name in fold.consumers {
      guard let recipe = parameters.recipes[name] else { continue }
      matrices.append((name, recipe.shape, try evaluator.floats(recipe)))
    }
    let chosen = try choose(inputs, matrices.map { ($0.shape, $0.values) })
    finding.rows.append([
      .text(fold.name), .count(inputs.count), .number(Double(chosen.alpha)),
      .number(chosen.before), .number(chosen.after),
    ])
    for (name, _, values) in matrices {
      replace(name, with: values.scaled(columns: chosen.factors), in: &parameters)
    }
    for name in fold.producers {
      guard let recipe = parameters.recipes[name] else { continue }
      let values = try evaluator.floats(recipe)
      replace(name, with: values.divided(rows: chosen.factors), in: &parameters)
    }
  }

  private func replace(_ name: String, with values: [Float], in parameters: inout Parameters) {
    guard let recipe = parameters.recipes[name] else { return }
    parameters.recipes[name] = .computed(
      ComputedValues(values, shape: recipe.shape, sources: recipe.sources))
  }

  private typealias Choice = (alpha: Float, factors: [Float], before: Double, after: Double)

  /// The factors, and the output error of all consumers together without them and with them.
  private func choose(
    _ inputs: LayerStatistics, _ matrices: [(shape: [Int], values: [Float])]
  ) throws(SmithError) -> Choice {
    let ones = [Float](repeating: 1, count: inputs.width)
    let before = try error(inputs, matrices, ones)
    switch rule {
    case .smooth:
      let factors = Self.smoothing(inputs, matrices.map(\.values))
      return (0.5, factors, before, try error(inputs, matrices, factors))
    case .awq:
      var best: Choice = (0, ones, before, before)
      for alpha in Self.grid where alpha > 0 {
        let factors = Self.saliency(inputs.meanMagnitudes, alpha)
        let after = try error(inputs, matrices, factors)
        if after < best.after { best = (alpha, factors, before, after) }
      }
      return best
    }
  }

  /// Mean magnitudes to the power α, around 1. A channel that carries nothing has the factor of the smallest that does.
  static func saliency(_ magnitudes: [Float], _ alpha: Float) -> [Float] {
    let least = magnitudes.filter { $0 > 0 }.min() ?? 1
    let powers = magnitudes.map { powf(max($0, least), alpha) }
    let middle = ((powers.max() ?? 1) * (powers.min() ?? 1)).squareRoot()
    return powers.map { $0 / middle }
  }

  /// √(max|x| / max|w|) of each channel; 1 where that is no number to divide by.
  static func smoothing(_ inputs: LayerStatistics, _ matrices: [[Float]]) -> [Float] {
    let width = inputs.width
    var weights = [Float](repeating: 0, count: width)
    for values in matrices {
      for index in values.indices {
        weights[index % width] = max(weights[index % width], values[index].magnitude)
      }
    }
    return zip(inputs.largest, weights).map { x, w in
      let factor = (x / w).squareRoot()
      return factor.isNormal ? factor : 1
    }
  }

  /// ‖X(W − Ŵ)ᵀ‖² / ‖XWᵀ‖² of the consumers, where Ŵ is the rounded scaled matrix with the factors taken back.
  private func error(
    _ inputs: LayerStatistics, _ matrices: [(shape: [Int], values: [Float])], _ factors: [Float]
  ) throws(SmithError) -> Double {
    guard let gram = inputs.gram else { return 0 }
    var sum = 0.0
    for (shape, values) in matrices {
      guard let held = scheme.holding(shape) else { continue }
      let scaled = values.scaled(columns: factors)
      let rounded = try held.rounded(scaled, shape: shape)
      let back = rounded.scaled(columns: factors.map { 1 / $0 })
      sum += gram.outputError(of: values, rounded: back, workers: calibration.workers)
    }
    return sum
  }
}

extension [Float] {
  /// Row-major, as many columns as factors.
  fileprivate func scaled(columns factors: [Float]) -> [Float] {
    indices.map { self[$0] * factors[$0 % factors.count] }
  }

  /// As many rows as factors, or a vector of as many elements.
  fileprivate func divided(rows factors: [Float]) -> [Float] {
    let width = count / factors.count
    return indices.map { self[$0] / factors[$0 / width] }
  }
}
