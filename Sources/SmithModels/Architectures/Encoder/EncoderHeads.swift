import SmithBytes
import SmithKernels

/// What sits on top of the blocks. A checkpoint has some of these, and a missing one is normal (models §1.8).
struct EncoderHeads<Backend: ComputeBackend>: Sendable {
  let width: Int  // H
  let pooler: Linear<Backend>?
  let heads: [Head]

  /// One head with its weights.
  struct Head: Sendable {
    let form: EncoderHead
    /// H → H, or H → width of the embeddings before words.
    let hidden: (layer: Linear<Backend>, activation: Activation)?
    let norm: LayerNorm<Backend.Scalar>?
    /// The way back through the map of the words alone, H → E.
    let wordProjection: Linear<Backend>?
    /// H → classes, or E → V.
    let output: Linear<Backend>
  }

  init(
    _ configuration: EncoderConfiguration, word: [Backend.Scalar],
    _ weights: EncoderWeights<Backend>
  ) throws(SmithError) {
    let h = configuration.hiddenSize
    width = h
    var found: [Head] = []
    for form in configuration.heads where weights.contains(form.mark) {
      found.append(try Head(form, configuration, word: word, weights))
    }
    heads = found
    // A head on the pooled vector cannot do without; then the missing pooler is an error.
    let isPooled = found.contains { $0.form.input == .pooled }
    pooler =
      weights.contains("pooler.weight") || isPooled
      ? try weights.linear("pooler", inputs: h, outputs: h) : nil
  }

  /// Reads the last block's x [B·S, H] and keeps `pooled` and all logits.
  func forward(_ x: [Backend.Scalar], _ pass: inout EncoderPass<Backend>) {
    let compute = pass.compute
    let starts = (0..<pass.input.batch).map { $0 * pass.input.length }
    let first = compute.rows(starts, of: x, width: width)  // [B, H]
    let pooled = pooler.map { compute.linear(first, $0, .tanh) }  // [B, H]
    if let pooled { pass.keepPooled("pooled", at: .none, pooled) }
    for head in heads {
      switch head.form.input {
      case .pooled: head.forward(pooled ?? [], &pass)
      case .firstToken: head.forward(first, &pass)
      case .everyToken: head.forward(x, &pass)
      }
    }
  }
}

extension EncoderHeads.Head {
  init(
    _ form: EncoderHead, _ configuration: EncoderConfiguration, word: [Backend.Scalar],
    _ weights: EncoderWeights<Backend>
  ) throws(SmithError) {
    let (h, e) = (configuration.hiddenSize, configuration.embeddingSize)
    let width = configuration.embeddedSize
    let scope = "heads.\(form.name)"
    self.form = form
    if let activation = form.hiddenActivation(configuration.activation) {
      let outputs = form.output == .words ? width : h
      hidden = (try weights.linear("\(scope).dense", inputs: h, outputs: outputs), activation)
    } else {
      hidden = nil
    }
    switch form.output {
    case .classes:
      norm = nil
      wordProjection = nil
      output = try weights.linear(scope, inputs: h, outputs: try weights.outputs(of: scope))
    case .words:
      let v = configuration.vocabularySize
      norm = try weights.norm("\(scope).norm", width: width)
      wordProjection =
        configuration.hasWordProjection
        ? try weights.map("embeddings.wordProjection", inputs: e, outputs: h, backwards: true) : nil
      let own = "\(scope).decoder.weight"  // only where it is not tied to the word embeddings
      let isTied = !weights.contains(own)
      output = try weights.product(
        [isTied ? "embeddings.word" : own], bias: try weights.values("\(scope).bias", [v]),
        inputs: e, outputs: v, table: isTied ? word : nil)
    }
  }

  /// x [B, H] or [B·S, H] to logits, kept under the head's name.
  func forward(_ x: [Backend.Scalar], _ pass: inout EncoderPass<Backend>) {
    let compute = pass.compute
    var x = x
    if let hidden { x = compute.linear(x, hidden.layer, hidden.activation) }
    if let norm { x = compute.layerNorm(x, norm) }
    if hidden != nil { keep("transform", at: .everything, x, &pass) }
    if let wordProjection { x = compute.linear(x, wordProjection) }  // [B·S, E]
    keep("logits", at: .none, compute.linear(x, output), &pass)
  }

  private func keep(
    _ name: String, at level: Taps, _ values: [Backend.Scalar],
    _ pass: inout EncoderPass<Backend>
  ) {
    let name = "heads.\(form.name).\(name)"
    if form.input == .everyToken {
      pass.keep(name, at: level, values)
    } else {
      pass.keepPooled(name, at: level, values)
    }
  }
}
