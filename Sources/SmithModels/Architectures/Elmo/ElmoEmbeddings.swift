import SmithBytes
import SmithKernels

/// Characters to one vector for each word, whatever stands around it: convolutions, highways, a map to the LSTM's width (Peters et al.
/// 2018, §3.4; models §11).
struct ElmoEmbeddings<Backend: ComputeBackend>: Sendable {
  let wordLength: Int  // C
  let characterWidth: Int  // c
  let characters: [Backend.Scalar]  // [1 + 261, c], the first row zeros
  let convolutions: [Convolution<Backend>]
  let activation: Activation
  let highways: [(carry: Linear<Backend>, transform: Linear<Backend>)]  // F → F
  let projection: Linear<Backend>?  // F → P

  init(
    _ configuration: ElmoConfiguration, _ weights: ElmoWeights<Backend>
  ) throws(SmithError) {
    let (c, f) = (configuration.characterWidth, configuration.filterCount)
    wordLength = configuration.wordLength
    characterWidth = c
    activation = configuration.activation
    characters =
      [Backend.Scalar](repeating: 0, count: c)
      + (try weights.values("embeddings.character", [configuration.characterCount, c]))
    convolutions = try configuration.filters.indices.map { index throws(SmithError) in
      try weights.convolution(
        "embeddings.convolutions.\(index)", configuration.filters[index], characterWidth: c)
    }
    highways = try (0..<configuration.highwayCount).map { index throws(SmithError) in
      let scope = "embeddings.highways.\(index)"
      return (
        carry: try weights.linear("\(scope).carry", inputs: f, outputs: f),
        transform: try weights.linear("\(scope).transform", inputs: f, outputs: f)
      )
    }
    let map = "embeddings.projection"
    let isNeeded = f != configuration.stateSize || weights.source.contains(map + ".weight")
    projection =
      isNeeded ? try weights.linear(map, inputs: f, outputs: configuration.stateSize) : nil
  }

  /// Words [N, C] to vectors [N, P].
  func forward(_ words: [[Int]], _ pass: inout ElmoPass<Backend>) -> [Backend.Scalar] {
    let compute = pass.compute
    let x = compute.rows(Array(words.joined()), of: characters, width: characterWidth)  // [N·C, c]
    let features = convolutions.map {
      (
        values: compute.maxOverPlaces(x, length: wordLength, $0, activation), width: $0.outputs
      )
    }
    var token = compute.sideBySide(features)  // [N, F]
    pass.keep(ElmoTaps.convolutions, at: .everything, token)
    for (index, highway) in highways.enumerated() {
      token = compute.highway(token, carry: highway.carry, transform: highway.transform)
      pass.keep(ElmoTaps.highway(index), at: .everything, token)
    }
    if let projection { token = compute.linear(token, projection) }
    pass.keep(ElmoTaps.embeddings, at: .everyLayer, token)
    return token
  }
}
