import SmithBytes
import SmithKernels

/// What sits on top of the blocks. A checkpoint has some of these, and a missing one is normal (models §1.8).
struct EncoderHeads<Backend: ComputeBackend>: Sendable {
  let width: Int  // H
  let pooler: Linear<Backend>?
  let masked: MaskedLanguageHead<Backend>?
  /// Heads on the pooled vector, by name: `nsp`, `sop`, `sequence`.
  let onPooled: [(name: String, layer: Linear<Backend>)]
  /// Heads on every token, by name: `token`, `span`.
  let onSequence: [(name: String, layer: Linear<Backend>)]

  init(
    _ configuration: EncoderConfiguration, word: [Backend.Scalar],
    _ weights: EncoderWeights<Backend>
  ) throws(SmithError) {
    let h = configuration.hiddenSize
    width = h
    onPooled = try Self.classifiers(["nsp", "sop", "sequence"], inputs: h, weights)
    onSequence = try Self.classifiers(["token", "span"], inputs: h, weights)
    // A head on the pooled vector cannot do without; then the missing pooler is an error.
    pooler =
      weights.contains("pooler.weight") || !onPooled.isEmpty
      ? try weights.linear("pooler", inputs: h, outputs: h) : nil
    masked =
      weights.contains("heads.mlm.dense.weight")
      ? try MaskedLanguageHead(configuration, word: word, weights) : nil
  }

  /// Those of the named heads that the checkpoint has; their sizes are its own.
  private static func classifiers(
    _ names: [String], inputs: Int, _ weights: EncoderWeights<Backend>
  ) throws(SmithError) -> [(name: String, layer: Linear<Backend>)] {
    var found: [(name: String, layer: Linear<Backend>)] = []
    for name in names where weights.contains("heads.\(name).weight") {
      let outputs = try weights.outputs(of: "heads.\(name)")
      found.append(
        (name, try weights.linear("heads.\(name)", inputs: inputs, outputs: outputs)))
    }
    return found
  }

  /// Reads the last block's x [B·S, H] and keeps `pooled` and all logits.
  func forward(_ x: [Backend.Scalar], _ pass: inout EncoderPass<Backend>) {
    let compute = pass.compute
    if let pooler {
      let first = (0..<pass.input.batch).map { $0 * pass.input.length }
      let pooled = compute.linear(compute.rows(first, of: x, width: width), pooler, .tanh)
      pass.keepPooled("pooled", pooled)  // [B, H], from the first token
      for (name, layer) in onPooled {
        pass.keepPooled("heads.\(name).logits", compute.linear(pooled, layer))
      }
    }
    masked?.forward(x, &pass)
    for (name, layer) in onSequence {
      pass.keep("heads.\(name).logits", at: .none, compute.linear(x, layer))
    }
  }
}

/// Which word was masked: dense, activation, norm, and a product with the word embeddings (Devlin et al. 2019, §3.1).
struct MaskedLanguageHead<Backend: ComputeBackend>: Sendable {
  let activation: Activation
  let dense: Linear<Backend>  // H → width of the embeddings
  let norm: LayerNorm<Backend.Scalar>
  /// The way back through the map of the words alone, H → E.
  let wordProjection: Linear<Backend>?
  let decoder: Linear<Backend>  // E → V

  init(
    _ configuration: EncoderConfiguration, word: [Backend.Scalar],
    _ weights: EncoderWeights<Backend>
  ) throws(SmithError) {
    let (v, e) = (configuration.vocabularySize, configuration.embeddingSize)
    activation = configuration.activation
    let (h, width) = (configuration.hiddenSize, configuration.embeddedSize)
    dense = try weights.linear("heads.mlm.dense", inputs: h, outputs: width)
    norm = try weights.norm("heads.mlm.norm", width: width)
    wordProjection =
      configuration.hasWordProjection
      ? try weights.map("embeddings.wordProjection", inputs: e, outputs: h, backwards: true) : nil
    let own = "heads.mlm.decoder.weight"  // only where it is not tied to the word embeddings
    decoder = Linear(
      weights.contains(own) ? try weights.values(own, [v, e]) : word,
      bias: try weights.values("heads.mlm.bias", [v]), inputs: e, outputs: v,
      backend: weights.backend)
  }

  func forward(_ x: [Backend.Scalar], _ pass: inout EncoderPass<Backend>) {
    let compute = pass.compute
    var transformed = compute.layerNorm(compute.linear(x, dense, activation), norm)
    pass.keep("heads.mlm.transform", at: .everything, transformed)
    if let wordProjection { transformed = compute.linear(transformed, wordProjection) }  // [B·S, E]
    pass.keep("heads.mlm.logits", at: .none, compute.linear(transformed, decoder))  // [B·S, V]
  }
}
