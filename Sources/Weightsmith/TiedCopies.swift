import SmithBytes
import SmithModels
import SmithTensors

/// Compares tensors that claim to repeat a parameter with that parameter, before either is dropped (models §1.2).
struct TiedCopies {
  let source: any TensorSource

  /// Settles every copy: an equal one is a copy and nothing more, a different one is reported. A decoder equal to the word table is tied
  /// and goes; a different one stays a parameter of its own.
  func settle(_ copies: [TiedCopy], in parameters: inout Parameters) throws(SmithError) -> [String]
  {
    var notes: [String] = []
    for copy in copies {
      guard let original = parameters.recipes[copy.canonical] else { continue }
      if try !equal(copy.recipe, original) {
        notes.append(
          "\(copy.stored) differs from the tensor that fills \(copy.canonical); it is not used")
      }
    }
    let decoder = "heads.mlm.decoder.weight"
    if let own = parameters.recipes[decoder], let table = parameters.recipes["embeddings.word"] {
      if try equal(own, table) {
        parameters.recipes[decoder] = nil
        parameters.fates = parameters.fates.map { fate in
          fate.detail == decoder
            ? TensorFate(tensor: fate.tensor, kind: .copy, detail: "embeddings.word") : fate
        }
      } else {
        notes.append(
          "untied: the masked-language decoder differs from the word embedding and is kept")
      }
    }
    return notes
  }

  private func equal(_ lhs: Recipe, _ rhs: Recipe) throws(SmithError) -> Bool {
    guard lhs.shape == rhs.shape, lhs.dtype == rhs.dtype else { return false }
    var (left, right) = (RecipeEvaluator(source: source), RecipeEvaluator(source: source))
    for rows in Slabs(lhs) where try left.bytes(lhs, rows: rows) != right.bytes(rhs, rows: rows) {
      return false
    }
    return true
  }
}
