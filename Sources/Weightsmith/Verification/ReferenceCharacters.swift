import SmithBytes
import SmithModels

/// Reference files of ELMo: `char_ids` [B, S, C], outputs stacked by layer.
extension ReferenceOutputs {
  static let characterIDs = "char_ids"
  /// All layers of the outputs [B, layers, S, 2·P], as bilm returns them.
  private static let stacked = "lm_embeddings"
  /// Of a second call, which the original programs start from the first one's final state.
  private static let ofSecondCall = "second_call_"

  /// The input of a file, with the sentences' markers (bilm) or without (AllenNLP).
  static func characters(
    _ tensor: (shape: [Int], values: [Float]), _ path: String
  ) throws(SmithError) -> ElmoInput {
    guard tensor.shape.count == 3, !tensor.shape.contains(0),
      tensor.values.allSatisfy({ (0..<1024).contains($0) && $0 == $0.rounded() })
    else {
      throw SmithError(
        .malformed, "expected whole numbers [B, S, C]", at: Place(file: path, item: characterIDs))
    }
    let (length, wordLength) = (tensor.shape[1], tensor.shape[2])
    let sentences = (0..<tensor.shape[0]).map { sentence in
      (0..<length).map { word in
        let start = (sentence * length + word) * wordLength
        return tensor.values[start..<(start + wordLength)].map { Int($0) }
      }
    }
    return ElmoInput(marked: sentences) ?? ElmoInput(characters: sentences)
  }

  /// The file's activations under names of our own taps where it stacks layers, without those of a second call.
  static func unstacked(
    _ activations: [(name: String, shape: [Int], values: [Float])]
  ) -> [(name: String, shape: [Int], values: [Float])] {
    activations.flatMap { name, shape, values -> [(name: String, shape: [Int], values: [Float])] in
      if name.hasPrefix(ofSecondCall) { return [] }
      if name == "token_embeddings" { return [("embeddings", shape, values)] }
      guard name == stacked, shape.count == 4 else { return [(name, shape, values)] }
      let size = shape[2] * shape[3]
      return (0..<shape[1]).map { layer in
        let rows = (0..<shape[0]).flatMap { sentence in
          let start = (sentence * shape[1] + layer) * size
          return values[start..<(start + size)]
        }
        return ("outputs.\(layer)", [shape[0], shape[2], shape[3]], rows)
      }
    }
  }
}
