import SmithBytes

/// What a target's names have no place for, or two.
extension Planner {
  /// The names under which a tied parameter is written all the same: each with the parameter it is tied to.
  func tiedNames(_ written: Parameters) -> [(name: String, tie: String, rule: Rule)] {
    dialect.rules.filter { $0.role == .tiedName }.compactMap { rule in
      let name = rule.canonical.text
      let row = family.parameters.first { $0.name == rule.canonical }
      // `heads.mlm.decoder.weight` belongs to the head `mlm`.
      let owner = name.split(separator: ".").dropFirst().first.map(String.init) ?? ""
      guard let tie = row?.tiedTo, written.recipes[name] == nil,
        written.configuration.parts.contains(owner)
      else { return nil }
      return (decorated(rule.stored.text, written.configuration), tie, rule)
    }
  }

  /// The parameters that the target's code computes without, which stay what its files are read as; refuses where they change something.
  func leaveOutNeutrals(
    _ parameters: inout Parameters, notes: inout [String]
  ) throws(SmithError) -> Set<String> {
    let rows = dialect.unnamedNeutrals(of: family)
    for row in rows {
      let name = row.name.text
      guard let recipe = parameters.recipes[name] else { continue }
      for (size, value) in dialect.fixedSizes { parameters.configuration.sizes[size] = value }
      let neutral = row.neutralRecipe(in: parameters.configuration)
      if recipe == neutral { continue }
      // As one vector: of a matrix the identity would be neutral.
      let vector = Recipe.reshape(recipe, shape: [recipe.shape.reduce(1, &*)])
      guard try isIdentity(vector) else {
        throw refusal("its code has no \(name), and the model's is not all zeros")
      }
      parameters.recipes[name] = neutral
      parameters.schemes[name] = nil
      notes.append("\(name) is all zeros and left out: \(dialect.name.rawValue) has none")
      parameters.fates = parameters.fates.map { fate in
        guard fate.kind == .used, fate.detail == name else { return fate }
        return TensorFate(
          tensor: fate.tensor, kind: .ignored, detail: "zeros, which the target does without")
      }
    }
    return Set(rows.map(\.name.text))
  }

  /// What the target's reader will miss.
  func expectations(_ configuration: ModelConfiguration) -> [String] {
    dialect.expectedParts.subtracting(configuration.parts).sorted().map {
      "\(dialect.name.rawValue) always has the \($0) head, which the model lacks: load it with strict=False"
    }
  }
}
