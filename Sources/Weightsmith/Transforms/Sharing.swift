import SmithBytes
import SmithKernels
import SmithModels
import SmithTensors

extension Transform {
  /// Several depths run one block, as in ALBERT. `input` is what `.best` measures candidates on.
  public static func share(
    _ method: Sharing.Method, groups: Int = 1, on input: VerificationInput = .standard,
    workers: Workers = .all
  ) -> Transform {
    Transform(name: "share \(method.rawValue)") { parameters, source throws(SmithError) in
      let configuration = parameters.configuration
      let alignment = BlockAlignment(
        headCount: configuration[.heads], source: source, workers: workers)
      let passage = try input.input(for: configuration)
      var original: Activations<Float>?
      return try Sharing(method, groups: groups).applied(
        to: parameters, source,
        loss: { candidate throws(SmithError) -> Double in
          if original == nil { original = try parameters.run(on: passage, source, workers) }
          let found = try candidate.run(on: passage, source, workers)
          return original.map { found.meanSquare(from: $0, passage) } ?? .infinity
        }, align: alignment.align,
        readings: { own throws(SmithError) in
          try Calibration(input, workers: workers).readings(of: own, source)
        })
    }
  }
}

extension Calibration {
  /// What linear layers read, as the sums that least squares need.
  func readings(
    of parameters: Parameters, _ source: any TensorSource
  ) throws(SmithError) -> [String: Sharing.Reading] {
    try statistics(of: parameters, source, grams: true).compactMapValues { layer in
      guard let gram = layer.gram else { return nil }
      return Sharing.Reading(
        gram: gram.values.map(Double.init), totals: layer.totals, count: Double(layer.count))
    }
  }
}

extension Parameters {
  /// A forward pass of what the recipes describe.
  func run(
    on input: ModelInput, _ source: any TensorSource, _ workers: Workers = .all
  ) throws(SmithError) -> Activations<Float> {
    let pass = try configuration.architecture.load(
      configuration, parameters: ModelWeights(self, source), backend: Backends.default)
    return try pass.forward(
      input, taps: .everyLayer, replacing: nil, observer: nil, workers: workers)
  }
}

extension Activations<Float> {
  /// Of the last layer's output, at the positions that are no padding.
  fileprivate func meanSquare(from expected: Activations<Float>, _ input: ModelInput) -> Double {
    guard let old = expected.taps.last(where: { $0.name.hasPrefix("layers.") }),
      let new = self[old.name], new.shape == old.shape
    else { return .infinity }
    let width = old.shape.last ?? 1
    var (sum, count) = (0.0, 0)
    for row in LayerComparison(input: input).seenRows(old.name, old.shape) {
      for index in (row * width)..<((row + 1) * width) {
        let error = Double(old.values[index]) - Double(new.values[index])
        sum += error * error
        count += 1
      }
    }
    return sum / Double(Swift.max(1, count))
  }
}
