import SmithBytes
import SmithKernels

/// BERT and its relatives as a family chooses them.
public struct EncoderArchitecture: Architecture {
  public init() {}

  public var name: String { "encoder" }

  public func load<Backend: ComputeBackend>(
    _ configuration: ModelConfiguration, parameters: some ParameterSource, backend: Backend
  ) throws(SmithError) -> any ForwardPass<Backend.Scalar> {
    try Encoder(configuration.encoder, parameters: parameters, backend: backend)
  }

  /// Two sequences of at most 24 pseudo-random tokens, the second one padded.
  public func standardInput(for configuration: ModelConfiguration) -> ModelInput {
    let length = min(24, longestSequence(for: configuration) ?? 24)
    let vocabulary = max(1, configuration[.vocabulary])
    var scatter = Scatter()
    let full = (0..<length).map { _ in scatter.next(below: vocabulary) }
    let short = (0..<max(1, length * 2 / 3)).map { _ in scatter.next(below: vocabulary) }
    var input = EncoderInput(padding: [full, short], with: configuration.padding)
    if configuration[.tokenTypes] > 1 {
      input.tokenTypes = input.ids.map { row in row.indices.map { $0 < row.count / 2 ? 0 : 1 } }
    }
    return .tokens(input)
  }

  public func input(
    ids rows: [[Int]], for configuration: ModelConfiguration
  ) throws(SmithError) -> ModelInput {
    .tokens(EncoderInput(padding: rows, with: configuration.padding))
  }

  public func longestSequence(for configuration: ModelConfiguration) -> Int? {
    configuration.encoder.positions.usable(of: configuration[.positions])
  }

  public func summary(of it: ModelConfiguration) -> [(label: String, text: Summary)] {
    let heads = it.heads.isEmpty ? "none" : it.heads.joined(separator: ", ")
    let sizes = [
      Symbol("V", it[.vocabulary]), Symbol("E", it[.embedding]), Symbol("H", it[.hidden]),
      Symbol("A", it[.heads]), Symbol("I", it[.intermediate]), Symbol("P", it[.positions]),
      Symbol("T", it[.tokenTypes]),
    ]
    let blocks = "\(it.runningBlocks.count) distinct, \(it.schedule.count) executed"
    let activation = "\(it.activation.rawValue), layer-norm epsilon \(it.layerNormEpsilon)"
    let counting = it.paddingToken.map { padding in
      "\(it.encoder.positions.usable(of: it[.positions])) from padding token \(padding) on"
    }
    let lines: [(label: String, text: Summary)?] = [
      ("blocks", .text(blocks)), ("sizes", .sizes(sizes)),
      counting.map { ("positions", .text($0)) }, ("activation", .text(activation)),
      ("heads", .text(heads + (it.parts.contains("pooler") ? "; pooler" : "; no pooler"))),
    ]
    return lines.compactMap { $0 }
  }
}

extension Encoder: ForwardPass {
  public func forward(
    _ input: ModelInput, taps: Taps, replacing replacement: ((String) -> [Scalar]?)?,
    observer: LinearObserver<Scalar>?, workers: Workers
  ) throws(SmithError) -> Activations<Scalar> {
    guard case .tokens(let tokens) = input else {
      throw SmithError(.usage, "the encoder reads token ids, not \(input.kind)")
    }
    var byDepth: ((Int) -> [Scalar]?)?
    if let replacement {
      byDepth = { depth in depth == 0 ? nil : replacement("layers.\(depth - 1).output") }
    }
    return try forward(
      tokens, taps: taps, replacing: byDepth, observer: observer, workers: workers)
  }
}
