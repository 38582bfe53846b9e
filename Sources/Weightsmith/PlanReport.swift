import SmithBytes
import SmithModels

extension Plan {
  /// The plan for programs: outputs with their sources and steps, fates, notes.
  public var json: JSON {
    [
      "outputs": .array(
        outputs.map { output in
          [
            "name": .string(output.name), "dtype": .string(output.encoding.name),
            "shape": .array(output.shape.map(JSON.integer)),
            "sources": .array(output.recipe.sources.map(JSON.string)),
            "steps": .string(output.recipe.steps), "exact": .bool(output.recipe.isExact),
          ]
        }),
      "fates": .array(
        fates.map { fate in
          [
            "tensor": .string(fate.tensor), "kind": .string(fate.kind.rawValue),
            "detail": .string(fate.detail),
          ]
        }),
      "notes": .array(notes.map(JSON.string)),
    ]
  }
}

extension Recipe {
  /// The steps from the outermost inward as words, each followed by a space; empty for a plain copy.
  public var steps: String {
    switch self {
    case .source: ""
    case .transpose(let inner): "transpose " + inner.steps
    case .reshape(let inner, _): "reshape " + inner.steps
    case .rows(let inner, let from, let count): "rows \(from)..<\(from + count) " + inner.steps
    case .concat: "concat "
    case .cast(let inner, let type): "\(type.rawValue) " + inner.steps
    case .component(let inner, let scheme, let index): "\(scheme)[\(index)] " + inner.steps
    case .decode(let scheme, _, _): "decode \(scheme) "
    case .product(let left, _): "product " + left.steps
    case .addingRow(let inner, _): "add row " + inner.steps
    case .ungrouped(let inner): "ungroup " + inner.steps
    case .permute(let inner, let axes):
      "permute \(axes.map(String.init).joined(separator: ",")) " + inner.steps
    case .negate(let inner): "negate " + inner.steps
    case .codes(let inner, _): "codes " + inner.steps
    case .constant: "constant "
    case .quotient(let inner, _): "quotient " + inner.steps
    case .finite(let inner): "finite " + inner.steps
    case .add(let inner, let number): "add \(number) " + inner.steps
    case .weighing(let inner, _): "weighed " + inner.steps
    case .mean(let parts): "mean of \(parts.count) " + (parts.first?.steps ?? "")
    case .combination(let parts, _, _):
      "sum of \(parts.count) weighted " + (parts.first?.steps ?? "")
    case .scalingRows(let inner, _): "rows of given lengths " + inner.steps
    case .picking(let inner, _): "rows in another order " + inner.steps
    case .computed, .chosen: "computed "
    case .identity: "identity "
    case .zeros: "zeros "
    case .ones: "ones "
    }
  }
}
