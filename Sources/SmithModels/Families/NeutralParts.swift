/// A value with which a parameter changes nothing.
public enum NeutralValue: Hashable, Sendable {
  /// Of a matrix from one width to the same.
  case identity
  case zeros
}

extension Family {
  /// The optional parts that can be there and change nothing: one ecosystem's files always have them, another's graph has no place for
  /// them.
  public var neutralParts: Set<String> {
    Set(parameters.compactMap { $0.neutral == nil ? nil : $0.part })
  }

  /// The recipes with which `part` changes nothing, by parameter. Nil where it has to change something: a map between two widths.
  public func neutral(
    _ part: String, in configuration: ModelConfiguration
  ) -> [String: Recipe]? {
    var recipes: [String: Recipe] = [:]
    for (name, row) in parameterNames(in: configuration) where row.part == part {
      guard let recipe = row.neutralRecipe(in: configuration) else { return nil }
      recipes[name] = recipe
    }
    return recipes
  }

  /// The setting of a model with which the part would change something whatever its values; nil where there is none.
  func obstacle(toNeutral part: String, in configuration: ModelConfiguration) -> Setting? {
    parameters.lazy.filter { $0.part == part }.compactMap(\.neutralWithout)
      .first { configuration.settings[$0] != nil }
  }
}

extension Dialect {
  /// Parameters of every model that the ecosystem has no name for, because its code computes as if they changed nothing.
  func unnamedNeutrals(of family: Family) -> [ParameterRow] {
    family.parameters.filter { row in
      row.part == nil && row.neutral != nil && !rules.contains { $0.canonical == row.name }
    }
  }
}

extension ParameterRow {
  func neutralRecipe(in configuration: ModelConfiguration) -> Recipe? {
    let shape = dimensions.compactMap { dimension in
      if case .size(let size) = dimension { configuration[size] } else { nil }
    }
    guard shape.count == dimensions.count else { return nil }
    switch neutral {
    case .identity where shape.count == 2 && shape[0] == shape[1]: return .identity(size: shape[0])
    case .zeros: return .zeros(shape: shape)
    default: return nil
    }
  }
}
