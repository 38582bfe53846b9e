import SmithBytes
import SmithTensors

/// A matrix that was looked at whole, and the scheme as it encodes that one.
struct Surveyed: Sendable {
  let recipe: Recipe
  let coder: any QuantizationScheme
}

/// The recipes that go through a scheme: a slab of rows at a time, like the others.
extension RecipeEvaluator {
  /// How many values are looked at at once where a whole matrix must be surveyed.
  private static let surveyedValues = 1 << 18

  /// Rows of one component of a matrix encoded by a scheme; of a shared component these are rows of its own.
  mutating func encoded(
    _ recipe: Recipe, scheme: String, index: Int, rows: Range<Int>
  ) throws(SmithError) -> [UInt8] {
    let coder = try coder(scheme, of: recipe)
    let components = try coder.components(shape: recipe.shape)
    guard components[index].isShared else {
      return try encoded(recipe, coder, components, rows: rows)[index]
    }
    // What is shared is there without any rows.
    let parts = try encoded(recipe, coder, components, rows: 0..<0)
    let shape = components[index].shape
    let width = shape.dropFirst().reduce(components[index].dtype.width, *)
    return Array(parts[index][(rows.lowerBound * width)..<(rows.upperBound * width)])
  }

  private mutating func encoded(
    _ recipe: Recipe, _ coder: any QuantizationScheme, _ components: [SchemeComponent],
    rows: Range<Int>
  ) throws(SmithError) -> [[UInt8]] {
    let columns = recipe.shape.last ?? 1
    let values = try floats(recipe, rows: rows)
    var parts: [[UInt8]] = []
    for component in components {
      parts.append([UInt8](repeating: 0, count: try component.byteCount(rows: rows.count)))
    }
    do throws(SmithError) {
      if case .weighing(_, let importance) = recipe {
        try coder.encode(
          values.span, columns: columns, firstRow: rows.lowerBound, importance: importance.span,
          into: &parts)
      } else {
        try coder.encode(values.span, columns: columns, firstRow: rows.lowerBound, into: &parts)
      }
    } catch { throw error.at(item: recipe.sources.first) }
    return parts
  }

  /// The f32 bytes of rows of a matrix that is stored by a scheme.
  mutating func decoded(
    _ scheme: String, shape: [Int], components: [Recipe], rows: Range<Int>
  ) throws(SmithError) -> [UInt8] {
    let coder = try coder(scheme)
    let columns = shape.last ?? 1
    let kinds = try coder.components(shape: shape)
    var parts: [[UInt8]] = []
    for (index, recipe) in components.enumerated() {
      let wanted = kinds[index].isShared ? 0..<recipe.rowCount : rows
      parts.append(try bytes(recipe, rows: wanted))
    }
    var values = [Float](repeating: 0, count: rows.count * columns)
    var span = values.mutableSpan
    do throws(SmithError) {
      try coder.decode(parts, columns: columns, firstRow: rows.lowerBound, into: &span)
    } catch { throw error.at(item: components.first?.sources.first) }
    return values.littleEndianBytes
  }

  /// The scheme as it encodes this matrix: where it must know the whole of it, after one look at all rows.
  private mutating func coder(
    _ name: String, of recipe: Recipe
  ) throws(SmithError) -> any QuantizationScheme {
    let coder = try coder(name)
    guard let survey = coder.survey else { return coder }
    if let surveyed, surveyed.recipe == recipe, surveyed.coder.name == name {
      return surveyed.coder
    }
    let fitted = coder.surveyed(try surveying(recipe, survey))
    surveyed = Surveyed(recipe: recipe, coder: fitted)
    return fitted
  }

  private mutating func surveying(
    _ recipe: Recipe, _ empty: MatrixSurvey
  ) throws(SmithError) -> MatrixSurvey {
    var survey = empty
    let columns = recipe.shape.last ?? 1
    let step = max(1, Self.surveyedValues / max(1, columns))
    for first in stride(from: 0, to: recipe.rowCount, by: step) {
      let values = try floats(recipe, rows: first..<min(recipe.rowCount, first + step))
      do throws(SmithError) {
        try survey.add(values.span, columns: columns, firstRow: first)
      } catch { throw error.at(item: recipe.sources.first) }
    }
    return survey
  }

  private func coder(_ name: String) throws(SmithError) -> any QuantizationScheme {
    guard let coder = Schemes.named(name) else {
      throw SmithError(.unsupported, "no scheme of that name", at: Place(item: name))
    }
    return coder
  }
}
