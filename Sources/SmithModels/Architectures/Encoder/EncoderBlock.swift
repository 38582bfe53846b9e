import SmithBytes
import SmithKernels

/// One transformer block: attention and feed-forward, each with a residual and a layer norm (Vaswani et al. 2017, §3.1).
struct EncoderBlock<Backend: ComputeBackend>: Sendable {
  let headCount: Int
  let activation: Activation
  let normPlacement: EncoderConfiguration.NormPlacement

  let queryKeyValue: Linear<Backend>  // H → 3·H
  let attentionOutput: Linear<Backend>  // H → H
  let attentionNorm: LayerNorm<Backend.Scalar>
  let up: Linear<Backend>  // H → I
  let down: Linear<Backend>  // I → H
  let feedForwardNorm: LayerNorm<Backend.Scalar>

  init(
    _ scope: String, _ configuration: EncoderConfiguration, _ weights: EncoderWeights<Backend>
  ) throws(SmithError) {
    let (h, i) = (configuration.hiddenSize, configuration.intermediateSize)
    headCount = configuration.headCount
    activation = configuration.activation
    normPlacement = configuration.normPlacement
    queryKeyValue = try weights.linear(
      "\(scope).attention.query", "\(scope).attention.key", "\(scope).attention.value",
      inputs: h, outputs: h)
    attentionOutput = try weights.linear("\(scope).attention.output", inputs: h, outputs: h)
    attentionNorm = try weights.norm("\(scope).attention.norm", width: h)
    up = try weights.linear("\(scope).feedForward.up", inputs: h, outputs: i)
    down = try weights.linear("\(scope).feedForward.down", inputs: i, outputs: h)
    feedForwardNorm = try weights.norm("\(scope).feedForward.norm", width: h)
  }

  /// x [B·S, H] to [B·S, H]; `layer` is the scope of the taps, `layers.{depth}`.
  func forward(
    _ x: [Backend.Scalar], _ layer: String, _ pass: inout EncoderPass<Backend>
  ) -> [Backend.Scalar] {
    let compute = pass.compute
    switch normPlacement {
    case .post:  // x = norm(x + f(x))
      let attended = compute.layerNorm(attention(x, layer, &pass), plus: x, attentionNorm)
      pass.keep("\(layer).attention.norm", at: .everything, attended)
      return compute.layerNorm(
        feedForward(attended, layer, &pass), plus: attended, feedForwardNorm)
    case .pre:  // x = x + f(norm(x))
      var normed = compute.layerNorm(x, attentionNorm)
      pass.keep("\(layer).attention.norm", at: .everything, normed)
      let attended = compute.add(attention(normed, layer, &pass), x, columns: down.outputs)
      normed = compute.layerNorm(attended, feedForwardNorm)
      pass.keep("\(layer).feedForward.norm", at: .everything, normed)
      return compute.add(feedForward(normed, layer, &pass), attended, columns: down.outputs)
    }
  }

  /// Every token looks at all tokens that the mask lets it see: [B·S, H] to [B·S, H].
  private func attention(
    _ x: [Backend.Scalar], _ layer: String, _ pass: inout EncoderPass<Backend>
  ) -> [Backend.Scalar] {
    let compute = pass.compute
    let h = attentionOutput.inputs
    let fused = compute.linear(x, queryKeyValue)  // [B·S, 3·H]
    if pass.level == .everything {
      for (index, part) in ["query", "key", "value"].enumerated() {
        let columns = compute.columns(index * h..<(index + 1) * h, of: fused, width: 3 * h)
        pass.keep("\(layer).attention.\(part)", at: .everything, columns)
      }
    }
    let shape = AttentionShape(
      batch: pass.input.batch, length: pass.input.length, heads: headCount,
      headWidth: h / headCount)
    let context = compute.attention(fused, mask: pass.mask, shape)  // [B·S, H]
    pass.keep("\(layer).attention.context", at: .everything, context)
    let output = compute.linear(context, attentionOutput)  // [B·S, H]
    pass.keep("\(layer).attention.output", at: .everything, output)
    return output
  }

  /// Two matrices with an activation between: [B·S, H] to [B·S, I] to [B·S, H].
  private func feedForward(
    _ x: [Backend.Scalar], _ layer: String, _ pass: inout EncoderPass<Backend>
  ) -> [Backend.Scalar] {
    let compute = pass.compute
    if pass.level == .everything {  // the same numbers, with the activation apart
      pass.keep("\(layer).feedForward.up", at: .everything, compute.linear(x, up))
    }
    let activated = compute.linear(x, up, activation)  // [B·S, I]
    pass.keep("\(layer).feedForward.activation", at: .everything, activated)
    let output = compute.linear(activated, down)  // [B·S, H]
    pass.keep("\(layer).feedForward.down", at: .everything, output)
    return output
  }
}
