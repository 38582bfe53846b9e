import SmithBytes
import SmithModels
import SmithTensors

/// Compares tensors that claim to repeat a parameter with that parameter, before either is dropped (models §1.2).
struct TiedCopies {
  let source: any TensorSource

  /// Settles every copy: an equal one is a copy and nothing more, a different one is reported. A parameter whose row ties it to another
  /// goes where the two are equal; a different one stays a parameter of its own.
  func settle(_ copies: [TiedCopy], in parameters: inout Parameters) throws(SmithError) -> [String]
  {
    var notes: [String] = []
    for copy in copies {
      guard let original = parameters.recipes[copy.canonical] else { continue }
      if try equal(copy.recipe, original) { continue }
      guard copy.prevails else {
        notes.append(
          "\(copy.stored) differs from the tensor that fills \(copy.canonical); it is not used")
        continue
      }
      notes.append(
        "\(copy.stored) differs from its other copy, and is what the model computes with: used")
      parameters.recipes[copy.canonical] = copy.recipe
      parameters.fates = parameters.fates.map { fate in
        guard fate.detail == copy.canonical, fate.kind != .ignored else { return fate }
        let kind: TensorFate.Kind = fate.tensor == copy.stored ? .used : .copy
        return TensorFate(tensor: fate.tensor, kind: kind, detail: fate.detail)
      }
    }
    for row in Families.named(parameters.configuration.family)?.parameters ?? [] {
      let name = row.name.text
      guard let tie = row.tiedTo, let own = parameters.recipes[name],
        let shared = parameters.recipes[tie]
      else { continue }
      if try !equal(own, shared) {
        notes.append("untied: \(name) differs from \(tie) and is kept")
        parameters.configuration.isUntied = true
        continue
      }
      parameters.configuration.isUntied = false
      parameters.recipes[name] = nil
      parameters.fates = parameters.fates.map { fate in
        fate.detail == name ? TensorFate(tensor: fate.tensor, kind: .copy, detail: tie) : fate
      }
    }
    return notes
  }

  /// Rows that a layout leaves out because they stand for padding: a note where they are not the zeros they should be.
  func look(at leftOut: [LeftOut]) throws(SmithError) -> [String] {
    var notes: [String] = []
    for rows in leftOut {
      var evaluator = RecipeEvaluator(source: source)
      if try evaluator.floats(rows.recipe).allSatisfy({ $0 == 0 }) { continue }
      notes.append(
        "\(rows.stored) has something else than zeros in its padding row: it is no part of \(rows.canonical), and other names have no place for it"
      )
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
