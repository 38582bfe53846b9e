import SmithBytes
import SmithKernels

/// Token ids to vectors: word + token type + position, normed in E, then mapped to H where the two differ (ALBERT §3.1).
struct EncoderEmbeddings<Backend: ComputeBackend>: Sendable {
  let wordWidth: Int  // E
  let width: Int  // E, or H where words alone are mapped
  let word: [Backend.Scalar]  // [V, E]
  let wordProjection: Linear<Backend>?
  let position: [Backend.Scalar]  // [P, width]
  let tokenType: [Backend.Scalar]?  // [T, width]
  let norm: LayerNorm<Backend.Scalar>
  let projection: Linear<Backend>?
  let positions: EncoderPositions

  init(
    _ configuration: EncoderConfiguration, _ weights: EncoderWeights<Backend>
  ) throws(SmithError) {
    let (c, e) = (configuration, configuration.embeddingSize)
    wordWidth = e
    width = c.embeddedSize
    positions = c.positions
    word = try weights.values("embeddings.word", [c.vocabularySize, e])
    wordProjection =
      c.hasWordProjection
      ? try weights.map("embeddings.wordProjection", inputs: e, outputs: c.hiddenSize) : nil
    position = try weights.values("embeddings.position", [c.positionCount, width])
    tokenType =
      c.tokenTypeCount > 0
      ? try weights.values("embeddings.tokenType", [c.tokenTypeCount, width]) : nil
    norm = try weights.norm("embeddings.norm", width: width)
    projection =
      c.hasProjection
      ? try weights.linear("embeddings.projection", inputs: e, outputs: c.hiddenSize) : nil
  }

  /// [B·S] ids to [B·S, H].
  func forward(_ pass: inout EncoderPass<Backend>) -> [Backend.Scalar] {
    let (compute, input) = (pass.compute, pass.input)
    var sum = compute.rows(Array(input.ids.joined()), of: word, width: wordWidth)  // [B·S, E]
    if let wordProjection { sum = compute.linear(sum, wordProjection) }  // [B·S, H]
    if let tokenType {
      let types = compute.rows(Array(input.tokenTypes.joined()), of: tokenType, width: width)
      sum = compute.add(sum, types, columns: width)
    }
    let rows = input.ids.flatMap { positions.rows(of: $0) }
    sum = compute.add(sum, compute.rows(rows, of: position, width: width), columns: width)
    let embedded = compute.layerNorm(sum, norm)  // [B·S, width]
    pass.keep("embeddings", at: .everyLayer, embedded)
    guard let projection else { return embedded }
    let projected = compute.linear(embedded, projection)  // [B·S, H]
    pass.keep("embeddings.projected", at: .everyLayer, projected)
    return projected
  }
}
