import SmithBytes
import SmithKernels

/// The forward pass of ELMo (Peters et al. 2018): character convolutions, two stacks of LSTMs that read a sentence from either end, and
/// the mixes that a task has learned.
///
/// Both stacks start from zeros for every sentence; the original programs carry the state on from batch to batch, which nobody can
/// repeat. Shapes in comments: B sentences, S words, N words and markers of all sentences, P state width.
public struct Elmo<Backend: ComputeBackend>: Sendable {
  public typealias Scalar = Backend.Scalar

  public let configuration: ElmoConfiguration
  public let backend: Backend
  let embeddings: ElmoEmbeddings<Backend>
  /// Each layer's cell forward and backward.
  let layers: [[LSTMCell<Backend>]]
  let mixes: [ElmoMix<Scalar>]

  /// Takes in all weights once; the source is not kept.
  ///
  /// - Throws: `.mismatch` for a configuration that contradicts itself, and whatever the source throws for a parameter.
  public init(
    _ configuration: ElmoConfiguration, parameters: some ParameterSource, backend: Backend
  ) throws(SmithError) {
    try configuration.check()
    let weights = ElmoWeights(source: parameters, backend: backend)
    self.configuration = configuration
    self.backend = backend
    embeddings = try ElmoEmbeddings(configuration, weights)
    layers = try (0..<configuration.layerCount).map { layer throws(SmithError) in
      try ElmoTaps.directions.map { direction throws(SmithError) in
        try weights.cell("blocks.\(layer).\(direction)", configuration)
      }
    }
    var mixes: [ElmoMix<Scalar>] = []
    while parameters.contains("mixes.\(mixes.count).gamma") {
      mixes.append(try ElmoMix("mixes.\(mixes.count)", configuration, weights))
    }
    self.mixes = mixes
  }

  /// Runs the model.
  ///
  /// - Parameters:
  ///   - input: Characters [B, S, C]; the sentence markers are added, and taken away from the outputs.
  ///   - taps: Which intermediate results to keep besides outputs and mixes.
  ///   - replacement: What a later layer reads instead of the activation of that name [B, S + 2, P]; nil for its own.
  ///   - workers: How many threads; the result is the same bits for any number.
  /// - Returns: `embeddings`, `layers.{k}.forward`, `layers.{k}.backward` [B, S + 2, P], `outputs.{k}`, `mixes.{m}` [B, S, 2·P].
  /// - Throws: `.usage` for characters and words that the model has no place for.
  public func forward(
    _ input: ElmoInput, taps: Taps = .none,
    replacing replacement: ((_ tap: String) -> [Scalar]?)? = nil, workers: Workers = .all
  ) throws(SmithError) -> Activations<Scalar> {
    try input.check(against: configuration)
    let (words, lengths) = input.marked(wordLength: configuration.wordLength)
    let compute = Compute(backend: backend, workers: workers)
    var pass = ElmoPass<Backend>(
      compute: compute, level: taps, lengths: lengths, longest: input.length + 2,
      replacement: replacement)
    let token = embeddings.forward(words, &pass)  // [N, P]
    var outputs = [compute.sideBySide([(token, width), (token, width)])]
    let start = try pass.replaced(ElmoTaps.embeddings, token)
    var x = ElmoTaps.directions.map { _ in start }
    for (depth, cells) in layers.enumerated() {
      let states = run(cells, x, depth, pass)
      outputs.append(compute.sideBySide(states.map { ($0, width) }))
      for (index, direction) in ElmoTaps.directions.enumerated() {
        let name = ElmoTaps.layer(depth, direction)
        pass.keep(name, at: .everyLayer, states[index])
        x[index] = try pass.replaced(name, states[index])
      }
    }
    keepOutputs(outputs, &pass)
    return pass.tape
  }

  /// P
  private var width: Int { configuration.stateSize }

  /// One layer in both directions, from the second on with its input added.
  private func run(
    _ cells: [LSTMCell<Backend>], _ x: [[Scalar]], _ depth: Int, _ pass: ElmoPass<Backend>
  ) -> [[Scalar]] {
    let runs = zip(cells, x).enumerated().map { index, pair in
      LSTMRun(cell: pair.0, x: pair.1, isReversed: index == 1)
    }
    let states = pass.compute.lstm(runs, lengths: pass.lengths)
    guard depth > 0, configuration.skipsConnections else { return states }
    return zip(states, x).map { pass.compute.add($0, $1, columns: width) }
  }

  private func keepOutputs(_ outputs: [[Scalar]], _ pass: inout ElmoPass<Backend>) {
    for (index, output) in outputs.enumerated() {
      pass.keepOutput(ElmoTaps.output(index), output)
    }
    let words = pass.lengths.flatMap { length in (0..<length).map { $0 > 0 && $0 < length - 1 } }
    for (index, mix) in mixes.enumerated() {
      pass.keepOutput(ElmoTaps.mix(index), mix.forward(outputs, words: words))
    }
  }
}
