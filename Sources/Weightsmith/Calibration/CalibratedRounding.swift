import SmithBytes
import SmithKernels
import SmithModels
import SmithTensors

/// Rounds a model's matrices block after block, each with the inputs that the blocks before it give once they are rounded themselves.
struct CalibratedRounding {
  let scheme: AffineScheme
  let keep: [Glob]
  let layout: String?
  let calibration: Calibration
  let source: any TensorSource
  let progress: @Sendable (Progress) -> Void

  private static let columns = ["parameter", "runs", "vectors", "rounding", "gptq"]

  func applied(to parameters: Parameters) throws(SmithError) -> Parameters {
    // What no calibration can help is rounded: the tables, which are looked up, and what the forward pass never multiplies with.
    var result = try Quantization(
      scheme: scheme, keep: keep, layout: layout.flatMap(Layouts.writing)
    ).applied(to: parameters)
    let chosen = result.schemes
    for name in chosen.keys.sorted() {
      guard let stored = parameters.recipes[name]?.storedScheme else { continue }
      throw SmithError(
        .refused, "it is stored as \(stored) already: its codes are chosen", at: Place(item: name),
        remedy: "the original model")
    }
    result.schemes = [:]
    var finding = Finding("gptq", columns: Self.columns)
    let stages = stages(of: chosen, in: parameters)
    for (index, names) in stages.enumerated() {
      progress(Progress(phase: .computing, done: index, total: stages.count))
      try round(names, chosen, &result, &finding)
    }
    progress(Progress(phase: .computing, done: stages.count, total: stages.count))
    guard !finding.rows.isEmpty else { throw Calibration.nothingRead(by: parameters) }
    for (name, scheme) in chosen where result.schemes[name] == nil { result.schemes[name] = scheme }
    result.findings.append(finding)
    let plain = chosen.keys.filter { name in !finding.rows.contains { $0[0] == .text(name) } }
    if let first = plain.sorted().first {
      result.notes.append(
        "rounded without calibration: \(plain.count), first \(first): tables, or read by no layer of the pass"
      )
    }
    return result
  }

  /// Names in the order of the computation: what comes before the blocks, each block where it first runs, what comes after.
  private func stages(of schemes: [String: String], in parameters: Parameters) -> [[String]] {
    let names = Array(parameters.recipes.keys).filter {
      schemes[$0].flatMap(Schemes.named) is AffineScheme && $0 != Quantization.words
    }
    var stages = [names.filter { $0.hasPrefix("embeddings.") }]
    var seen: Set<Int> = []
    for block in parameters.configuration.schedule where seen.insert(block).inserted {
      stages.append(names.filter { $0.hasPrefix("blocks.\(block).") })
    }
    stages.append(names.filter { !$0.hasPrefix("embeddings.") && !$0.hasPrefix("blocks.") })
    return stages.filter { !$0.isEmpty }
  }

  private func round(
    _ names: [String], _ schemes: [String: String], _ parameters: inout Parameters,
    _ finding: inout Finding
  ) throws(SmithError) {
    let wanted = Set(names)
    let statistics = try calibration.statistics(
      of: parameters, source, for: { wanted.contains($0) }, grams: true)
    var evaluator = RecipeEvaluator(source: source)
    for name in names {
      guard let inputs = statistics[name]?.gram, let recipe = parameters.recipes[name],
        let scheme = schemes[name].flatMap(Schemes.named) as? AffineScheme
      else { continue }
      do throws(SmithError) {
        let weights = try evaluator.floats(recipe)
        try refuseNonfinite(weights, columns: inputs.size)
        var work = GPTQ(scheme)
        work.workers = calibration.workers
        let parts = try work.components(of: weights, columns: inputs.size, inputs: inputs)
        let plain = try scheme.rounded(weights, shape: recipe.shape)
        let values = try scheme.decode(parts, shape: recipe.shape)
        finding.rows.append([
          .text(name), .count(parameters.runs(of: name)),
          .count(statistics[name]?.count ?? 0),
          .number(inputs.outputError(of: weights, rounded: plain, workers: work.workers)),
          .number(inputs.outputError(of: weights, rounded: values, workers: work.workers)),
        ])
        parameters.recipes[name] = try recipe.replaced(by: parts, scheme)
        parameters.schemes[name] = scheme.storedName
      } catch { throw error.at(item: name) }
    }
  }

  private func refuseNonfinite(_ weights: [Float], columns: Int) throws(SmithError) {
    if let index = weights.firstIndex(where: { !$0.isFinite }) {
      throw SmithError(.refused, "row \(index / columns) has a value that is not finite")
    }
  }
}

extension Recipe {
  /// The matrix as components that were chosen for it.
  fileprivate func replaced(
    by parts: [[UInt8]], _ scheme: AffineScheme
  ) throws(SmithError) -> Recipe {
    let components = try scheme.components(shape: shape)
    return .decode(
      scheme: scheme.storedName, shape: shape,
      components: zip(components, parts).map {
        .chosen(ChosenBytes($1, dtype: $0.dtype, shape: $0.shape, sources: sources))
      })
  }
}

extension QuantizationScheme {
  /// The values after plain rounding of a whole matrix.
  func rounded(_ weights: [Float], shape: [Int]) throws(SmithError) -> [Float] {
    var coder: any QuantizationScheme = self
    if var survey, let columns = shape.last {
      try survey.add(weights.span, columns: columns, firstRow: 0)
      coder = surveyed(survey)
    }
    return try coder.decode(coder.encode(weights, shape: shape), shape: shape)
  }
}
