import SmithBytes
import SmithKernels

/// Token ids to vectors: word + token type + position, normed in E, then mapped to H where the two differ (ALBERT §3.1).
struct EncoderEmbeddings<Backend: ComputeBackend>: Sendable {
  let width: Int  // E
  let word: [Backend.Scalar]  // [V, E]
  let position: [Backend.Scalar]  // [P, E]
  let tokenType: [Backend.Scalar]?  // [T, E]
  let norm: LayerNorm<Backend.Scalar>
  let projection: Linear<Backend>?

  init(
    _ configuration: EncoderConfiguration, _ weights: EncoderWeights<Backend>
  ) throws(SmithError) {
    let (c, e) = (configuration, configuration.embeddingSize)
    width = e
    word = try weights.values("embeddings.word", [c.vocabularySize, e])
    position = try weights.values("embeddings.position", [c.positionCount, e])
    tokenType =
      c.tokenTypeCount > 0
      ? try weights.values("embeddings.tokenType", [c.tokenTypeCount, e]) : nil
    norm = try weights.norm("embeddings.norm", width: e)
    projection =
      c.hasProjection
      ? try weights.linear("embeddings.projection", inputs: e, outputs: c.hiddenSize) : nil
  }

  /// [B·S] ids to [B·S, H].
  func forward(_ pass: inout EncoderPass<Backend>) -> [Backend.Scalar] {
    let (compute, input) = (pass.compute, pass.input)
    var sum = compute.rows(Array(input.ids.joined()), of: word, width: width)  // [B·S, E]
    if let tokenType {
      let types = compute.rows(Array(input.tokenTypes.joined()), of: tokenType, width: width)
      sum = compute.add(sum, types, columns: width)
    }
    let positions = input.ids.flatMap { $0.indices }  // 0 ..< S in every sequence
    sum = compute.add(sum, compute.rows(positions, of: position, width: width), columns: width)
    let embedded = compute.layerNorm(sum, norm)  // [B·S, E]
    pass.keep("embeddings", at: .everyLayer, embedded)
    guard let projection else { return embedded }
    let projected = compute.linear(embedded, projection)  // [B·S, H]
    pass.keep("embeddings.projected", at: .everyLayer, projected)
    return projected
  }
}
