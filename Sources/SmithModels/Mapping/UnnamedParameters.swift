import SmithBytes
import SmithTensors

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

  /// Takes out the parts that no file in the target's names has.
  func leaveOutParts(_ parameters: inout Parameters, notes: inout [String]) {
    let parts = dialect.leavesOut.intersection(parameters.configuration.parts).sorted()
    if parts.isEmpty { return }
    let rows = family.parameters.filter { row in
      row.part.map { dialect.leavesOut.contains($0) } ?? false
    }
    let names = Set(
      parameters.recipes.keys.filter { name in rows.contains { $0.name.text == name } })
    for name in names {
      parameters.recipes[name] = nil
      parameters.schemes[name] = nil
    }
    parameters.configuration.parts.subtract(parts)
    if parts.contains("mlm") { parameters.configuration.isUntied = false }
    parameters.fates = parameters.fates.map { fate in
      guard fate.kind != .ignored, names.contains(fate.detail) else { return fate }
      return TensorFate(
        tensor: fate.tensor, kind: .ignored, detail: "the target's files have no such part")
    }
    notes.append(
      "left out: \(parts.joined(separator: ", ")), which \(dialect.name.rawValue) files do not have"
    )
  }

  /// What the target's reader will miss.
  func expectations(_ configuration: ModelConfiguration) -> [String] {
    dialect.expectedParts.subtracting(configuration.parts).sorted().map {
      "\(dialect.name.rawValue) always has the \($0) head, which the model lacks: load it with strict=False"
    }
  }
}

extension Dialect {
  /// What its files call a parameter that they keep in its own layout; nil where they have no such name.
  public func storedName(of canonical: String) -> String? {
    rules.lazy.filter { $0.role.isName && $0.step == .copy }.compactMap { rule in
      rule.canonical.match(canonical).map { rule.stored.filled(with: $0) }
    }.first
  }

  /// The element type that the ecosystem's code demands of a parameter; nil where it takes the one it has.
  public func elementType(of canonical: String, _ recipe: Recipe) -> DType? {
    guard let singles else { return nil }
    return recipe.shape.count < 2 || singles.contains(canonical) || recipe.dtype == .f64
      ? .f32 : nil
  }
}
