import SmithBytes
import SmithKernels
import SmithTensors

/// The matrices of several blocks as one each, by least squares over what the blocks read (models §14.2).
struct BlockSquares {
  let source: any TensorSource
  /// By the name of the weight in a model with a block for every depth.
  let reads: [String: Sharing.Reading]

  /// The weights and biases by their names in a block, of those matrices for which every block's reading is known.
  func merged(
    _ blocks: [[String: Recipe]], at depths: [Int]
  ) throws(SmithError) -> [String: Recipe] {
    var result: [String: Recipe] = [:]
    var evaluator = RecipeEvaluator(source: source)
    for (name, recipe) in blocks[0].sorted(by: { $0.key < $1.key })
    where name.hasSuffix(".weight") && recipe.shape.count == 2 {
      let bias = String(name.dropLast("weight".count)) + "bias"
      let reads = depths.compactMap { self.reads["blocks.\($0).\(name)"] }
      guard reads.count == depths.count else { continue }
      var layers: [LeastSquares.Layer] = []
      var sources: [String] = []
      for (block, read) in zip(blocks, reads) {
        guard let weight = block[name] else { continue }
        let offsets = try block[bias].map { offset throws(SmithError) in
          try evaluator.floats(offset)
        }
        layers.append(
          LeastSquares.Layer(
            weight: try evaluator.floats(weight).map(Double.init),
            bias: (offsets ?? [Float](repeating: 0, count: weight.shape[0])).map(Double.init),
            gram: read.gram, totals: read.totals, count: read.count))
        sources += weight.sources + (block[bias]?.sources ?? [])
      }
      let (outputs, inputs) = (recipe.shape[0], recipe.shape[1])
      guard let map = LeastSquares.merging(layers, inputs: inputs, outputs: outputs) else {
        throw SmithError(
          .refused, "what its layers read, or their weights, are no finite numbers",
          at: Place(item: name))
      }
      result[name] = .computed(
        ComputedValues(map.weight.map { Float($0) }, shape: [outputs, inputs], sources: sources))
      if blocks[0][bias] != nil {
        result[bias] = .computed(
          ComputedValues(map.bias.map { Float($0) }, shape: [outputs], sources: sources))
      }
    }
    guard !result.isEmpty else {
      throw SmithError(
        .unsupported, "what the layers of this architecture read is not known",
        remedy: "--share mean")
    }
    return result
  }
}
