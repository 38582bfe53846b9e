import SmithBytes
import SmithKernels

/// The forward pass of BERT and its relatives: embeddings, blocks in the order of the schedule, heads.
///
/// The same code runs in `Float` and, with `Backends.reference`, in `Double`. Shapes in comments: B sequences, S tokens,
/// E embedding width, H hidden width, I feed-forward width, V words.
public struct Encoder<Backend: ComputeBackend>: Sendable {
  public typealias Scalar = Backend.Scalar

  public let configuration: EncoderConfiguration
  public let backend: Backend
  let embeddings: EncoderEmbeddings<Backend>
  /// The block at each depth. A shared block stands here several times; its weights are in memory once.
  let layers: [EncoderBlock<Backend>]
  let heads: EncoderHeads<Backend>

  /// Takes in all weights once; the source is not kept.
  ///
  /// - Throws: `.mismatch` for a configuration that contradicts itself, and whatever the source throws for a parameter.
  public init(
    _ configuration: EncoderConfiguration, parameters: some ParameterSource, backend: Backend
  ) throws(SmithError) {
    try configuration.check()
    let weights = EncoderWeights(
      source: parameters, backend: backend, epsilon: configuration.layerNormEpsilon)
    self.configuration = configuration
    self.backend = backend
    embeddings = try EncoderEmbeddings(configuration, weights)
    var blocks: [Int: EncoderBlock<Backend>] = [:]
    layers = try configuration.schedule.map { index throws(SmithError) in
      if let block = blocks[index] { return block }
      let block = try EncoderBlock("blocks.\(index)", configuration, weights)
      blocks[index] = block
      return block
    }
    heads = try EncoderHeads(configuration, word: embeddings.word, weights)
  }

  /// Runs the model.
  ///
  /// - Parameters:
  ///   - input: Ids, mask and token types [B, S].
  ///   - taps: Which intermediate results to keep.
  ///   - replacement: What to feed the block at a depth [B·S·H] instead of what the block before put out; nil for its own.
  ///     At depth L, the number of layers, it is what the heads read. Feeding a reference's values (teacher forcing) shows
  ///     each layer's own error, without what it inherits.
  ///   - observer: Sees what each linear layer reads, padding included.
  ///   - workers: How many threads; the result is the same bits for any number.
  /// - Returns: The taps in the order they were computed, the head logits last.
  /// - Throws: `.usage` for ids, types or lengths that the model has no embedding for.
  public func forward(
    _ input: EncoderInput, taps: Taps = .none,
    replacing replacement: ((_ depth: Int) -> [Scalar]?)? = nil,
    observer: LinearObserver<Scalar>? = nil, workers: Workers = .all
  ) throws(SmithError) -> Activations<Scalar> {
    try input.check(against: configuration)
    let compute = Compute(backend: backend, workers: workers, observer: observer)
    var pass = EncoderPass(
      input, maskValue: configuration.maskValue, level: taps, compute: compute)

    var x = embeddings.forward(&pass)  // [B·S, H]
    for (depth, layer) in layers.enumerated() {
      x = try replaced(x, at: depth, by: replacement)
      x = layer.forward(x, "layers.\(depth)", &pass)
      pass.keep("layers.\(depth).output", at: .everyLayer, x)
    }
    x = try replaced(x, at: layers.count, by: replacement)
    heads.forward(x, &pass)
    return pass.tape
  }

  private func replaced(
    _ x: [Scalar], at depth: Int, by replacement: ((Int) -> [Scalar]?)?
  ) throws(SmithError) -> [Scalar] {
    guard let given = replacement?(depth) else { return x }
    guard given.count == x.count else {
      throw SmithError(
        .usage, "\(given.count) values to feed layer \(depth), expected \(x.count)")
    }
    return given
  }
}

extension EncoderConfiguration {
  /// Throws `.mismatch` where sizes cannot belong together.
  func check() throws(SmithError) {
    let sizes = [
      ("vocabulary size", vocabularySize), ("embedding size", embeddingSize),
      ("hidden size", hiddenSize), ("head count", headCount),
      ("intermediate size", intermediateSize), ("position count", positionCount),
    ]
    for (name, size) in sizes where size <= 0 {
      throw SmithError(.mismatch, "the \(name) is \(size)", at: Place(item: "configuration"))
    }
    guard hiddenSize % headCount == 0 else {
      throw SmithError(
        .mismatch, "hidden size \(hiddenSize) does not split into \(headCount) heads",
        at: Place(item: "configuration"))
    }
    guard hasProjection || embeddedSize == hiddenSize else {
      throw SmithError(
        .mismatch,
        "embedding size \(embeddingSize) and hidden size \(hiddenSize) need a projection",
        at: Place(item: "configuration"))
    }
    if let padding = positions.padding {
      guard (0..<vocabularySize).contains(padding), padding < positionCount - 1 else {
        throw SmithError(
          .mismatch,
          "padding token \(padding) leaves no position of \(positionCount), or is no word",
          at: Place(item: "configuration"))
      }
    }
    guard schedule.allSatisfy({ $0 >= 0 }) else {
      throw SmithError(
        .mismatch, "a negative block in the schedule", at: Place(item: "configuration"))
    }
  }
}
