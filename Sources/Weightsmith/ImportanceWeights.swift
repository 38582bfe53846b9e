import SmithBytes
import SmithModels
import SmithTensors

/// How much an error in each column of a matrix counts when the matrix is quantized: usually the mean square of what the column is
/// multiplied by, over a calibration input.
public struct ImportanceWeights: Hashable, Sendable {
  /// By canonical parameter name; as many numbers as the matrix has columns, finite and not negative.
  public var columns: [String: [Float]]

  public init(_ columns: [String: [Float]]) { self.columns = columns }

  /// From a file with a vector under each canonical name, or from an importance matrix of llama.cpp's (`llama-imatrix`): sums of squares
  /// `X.in_sum2` and their number `X.counts` for a tensor X of its own naming.
  ///
  /// `.mismatch` for a name that is no matrix of the model, `.unsupported` for sums of several experts.
  public init(reading file: Checkpoint, for model: Model) throws(SmithError) {
    columns = [:]
    let matrices = model.parameters.recipes.filter { $0.value.shape.count == 2 }
    var names = Dictionary(uniqueKeysWithValues: matrices.keys.map { ($0, $0) })
    let isMatrix = file.tensors.contains { $0.name.hasSuffix(Self.sums) }
    if isMatrix {
      guard let dialect = Families.named(model.family)?.dialect(.gguf) else {
        throw SmithError(
          .refused, "llama.cpp has no names for \(model.family)", at: Place(file: file.path))
      }
      names = Dictionary(
        matrices.keys.compactMap { name in dialect.storedName(of: name).map { ($0, name) } },
        uniquingKeysWith: { first, _ in first })
    }
    let evaluator = RecipeEvaluator(source: file.source)
    do throws(SmithError) {
      for tensor in file.tensors {
        let vector = Vector(tensor: tensor, isSum: isMatrix)
        guard let stored = vector.parameter else { continue }
        guard let name = names[stored] else {
          throw SmithError(
            .mismatch, "no matrix of the model is called so", at: Place(item: tensor.name))
        }
        columns[name] = try vector.read(evaluator, in: file.source)
      }
    } catch { throw error.at(file: file.path) }
    if columns.isEmpty {
      throw SmithError(.missing, "no importance of any matrix", at: Place(file: file.path))
    }
  }

  fileprivate static let sums = ".in_sum2"
  fileprivate static let counts = ".counts"

  /// Before anything is encoded: `.refused` where the scheme takes none, `.mismatch` for vectors of other lengths, `.malformed` for
  /// numbers that weigh nothing sensibly.
  func check(
    _ parameters: Parameters, _ scheme: any QuantizationScheme
  ) throws(SmithError) {
    guard scheme.takesImportance else {
      let others = Schemes.all.filter(\.takesImportance).map(\.name)
      throw SmithError(
        .refused, "\(scheme.name) takes no importance of columns",
        remedy: "--scheme \(others.joined(separator: ", or "))")
    }
    for (name, values) in columns.sorted(by: { $0.key < $1.key }) {
      guard let recipe = parameters.recipes[name] else { continue }
      guard recipe.shape.last == values.count else {
        throw SmithError(
          .mismatch, "the importance of \(values.count) columns for a matrix \(recipe.shape)",
          at: Place(item: name))
      }
      if let column = values.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
        throw SmithError(
          .malformed, "column \(column) has the importance \(values[column])", at: Place(item: name)
        )
      }
    }
  }
}

/// One tensor of an importance file.
private struct Vector {
  let tensor: TensorInfo
  let isSum: Bool

  /// The matrix it is of; nil for the counts beside the sums.
  var parameter: String? {
    guard isSum else { return tensor.name }
    return tensor.name.hasSuffix(ImportanceWeights.sums)
      ? String(tensor.name.dropLast(ImportanceWeights.sums.count)) : nil
  }

  /// The numbers; of a sum divided by the count beside it, or all 1 where nothing was counted, as llama.cpp reads them.
  func read(
    _ evaluator: RecipeEvaluator, in source: any TensorSource
  ) throws(SmithError) -> [Float] {
    let values = try floats(tensor, evaluator)
    guard let parameter, isSum else { return values }
    let name = parameter + ImportanceWeights.counts
    guard let counter = source.tensors.first(where: { $0.name == name }) else {
      throw SmithError(.missing, "no \(name) beside it", at: Place(item: tensor.name))
    }
    let counts = try floats(counter, evaluator)
    guard let count = counts.first, counts.count == 1 else {
      throw SmithError(
        .unsupported, "sums of \(counts.count) experts", at: Place(item: tensor.name))
    }
    return count > 0 ? values.map { $0 / count } : values.map { _ in 1 }
  }

  private func floats(
    _ tensor: TensorInfo, _ evaluator: RecipeEvaluator
  ) throws(SmithError) -> [Float] {
    guard let dtype = tensor.encoding.dtype, dtype.isFloat,
      tensor.shape.count == 1 || tensor.shape.dropLast().allSatisfy({ $0 == 1 })
    else {
      throw SmithError(
        .mismatch, "expected a vector of numbers, got \(tensor.encoding.name) \(tensor.shape)",
        at: Place(item: tensor.name))
    }
    var evaluator = evaluator
    return try evaluator.floats(
      .source(name: tensor.name, dtype: dtype, shape: [tensor.shape.reduce(1, &*)]))
  }
}
