import SmithBytes
import SmithKernels
import SmithModels
import SmithTensors
import Synchronization

/// Runs a model on an input that stands for what it will be used on, and keeps what its linear layers read.
///
/// A block that runs at several depths reads at each: its statistics are the sums over all of them (models §15).
public struct Calibration: Sendable {
  public let input: VerificationInput
  public var workers: Workers

  public init(_ input: VerificationInput, workers: Workers = .all) {
    self.input = input
    self.workers = workers
  }

  /// The statistics by canonical name of the weights, of those the forward pass multiplies with.
  ///
  /// - Parameters:
  ///   - model: The model as it is read; codes are decoded.
  ///   - wanted: Which parameters; all by default.
  ///   - grams: Whether to keep their Gram matrices, 4·width² bytes for each layer.
  /// - Returns: Statistics by canonical name.
  /// - Throws: `.usage` for an input the model has no embedding for, and what reading the weights throws.
  public func statistics(
    of model: Model, for wanted: @escaping @Sendable (String) -> Bool = { _ in true },
    grams: Bool = false
  ) throws(SmithError) -> [String: LayerStatistics] {
    try statistics(of: model.parameters, model.source, for: wanted, grams: grams)
  }

  /// The same for parameters that transforms made.
  public func statistics(
    of parameters: Parameters, _ source: any TensorSource,
    for wanted: @escaping @Sendable (String) -> Bool = { _ in true }, grams: Bool = false
  ) throws(SmithError) -> [String: LayerStatistics] {
    let configuration = parameters.configuration
    let pass = try configuration.architecture.load(
      configuration, parameters: ModelWeights(parameters, source), backend: Backends.default)
    let collector = Collector(wanted: wanted, grams: grams, workers: workers)
    for batch in try batches(for: configuration) {
      try collector.run(pass, batch)
    }
    return collector.statistics
  }

  /// For methods that have nothing to go by: plain rounding under another name would be a lie.
  static func nothingRead(by parameters: Parameters) -> SmithError {
    SmithError(
      .refused, "the pass of \(parameters.configuration.family) does not say what its layers read",
      remedy: "--method rounding")
  }

  /// Rows of ids in batches of similar length; any other input is one batch.
  func batches(for configuration: ModelConfiguration) throws(SmithError) -> [ModelInput] {
    guard case .tokens(let rows) = input else { return [try input.input(for: configuration)] }
    var batches: [[[Int]]] = []
    for row in rows.sorted(by: { $0.count < $1.count }) {
      let longest = row.count
      if let last = batches.last, (last.count + 1) * longest <= Self.tokensPerBatch {
        batches[batches.count - 1].append(row)
      } else {
        batches.append([row])
      }
    }
    return try batches.map { rows throws(SmithError) in
      try configuration.architecture.input(ids: rows, for: configuration)
    }
  }

  /// What keeps the activations of a pass small, and its products large enough.
  private static let tokensPerBatch = 1024
}

/// Takes what layers read from one batch after the other.
private final class Collector: Sendable {
  let wanted: @Sendable (String) -> Bool
  let grams: Bool
  let workers: Workers
  /// By the names of the layer's weights: what several read together is kept once.
  private let layers = Mutex<[[String]: LayerStatistics]>([:])

  init(wanted: @escaping @Sendable (String) -> Bool, grams: Bool, workers: Workers) {
    self.wanted = wanted
    self.grams = grams
    self.workers = workers
  }

  func run(
    _ pass: any ForwardPass<Float>, _ input: ModelInput
  ) throws(SmithError) {
    let seen = input.mask(of: "").flatMap { $0.map { $0 != 0 } }
    _ = try pass.forward(
      input, taps: .none, replacing: nil,
      observer: { [self] names, x, width in
        guard names.contains(where: wanted) else { return }
        add(x, width, to: names, seen)
      }, workers: workers)
  }

  /// Padding is not read by anybody: its rows are left out where every token has one.
  private func add(_ x: [Float], _ width: Int, to names: [String], _ seen: [Bool]) {
    var x = x
    if x.count == seen.count * width, seen.contains(false) {
      x = seen.indices.filter { seen[$0] }.flatMap { x[($0 * width)..<(($0 + 1) * width)] }
    }
    layers.withLock {
      $0[names, default: LayerStatistics(width: width, gram: grams)].add(x, workers: workers)
    }
  }

  var statistics: [String: LayerStatistics] {
    layers.withLock { layers in
      var result: [String: LayerStatistics] = [:]
      for (names, layer) in layers {
        for name in names where wanted(name) { result[name] = layer }
      }
      return result
    }
  }
}
