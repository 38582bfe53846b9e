import OrderedCollections
import SmithBytes
import SmithTensors

/// Reads a dialect's table backward: canonical parameters in, the plan of an output in that dialect's names out.
public struct Planner: Sendable {
  public let family: Family
  public let dialect: Dialect
  /// The element type of floating-point outputs; nil keeps each tensor's own.
  public var dtype: DType?
  /// Answers whether a stored matrix is the identity, where an ecosystem has no place for a map that must then be one.
  public var isIdentity: @Sendable (Recipe) throws(SmithError) -> Bool

  public init(
    family: Family, dialect: Dialect, dtype: DType? = nil,
    isIdentity: @escaping @Sendable (Recipe) throws(SmithError) -> Bool
  ) {
    self.family = family
    self.dialect = dialect
    self.dtype = dtype
    self.isIdentity = isIdentity
  }

  /// The plan and the parameters it writes, which may have been unrolled or completed for the target. `.refused` with the reason when the
  /// target's library could not run the same model.
  public func plan(_ parameters: Parameters) throws(SmithError) -> (plan: Plan, written: Parameters)
  {
    if let obstacle = dialect.obstacle(to: parameters.configuration, family: family) {
      throw refusal(obstacle)
    }
    var notes = parameters.notes
    if let warning = dialect.configuration.warning(about: parameters.configuration) {
      notes.append(warning)
    }
    var written = try fitSchedule(parameters, notes: &notes)
    try fitNeutralParts(&written, notes: &notes)
    leaveOutParts(&written, notes: &notes)
    let unnamed = try leaveOutNeutrals(&written, notes: &notes)
    notes += expectations(written.configuration)
    var outputs: [Plan.Output] = []
    var parts = StoredParts()
    var schemes = JSONObject()
    let table = Dictionary(grouping: dialect.rules) { $0.canonical.skeleton ?? "" }
    for (name, recipe) in written.recipes where !unnamed.contains(name) {
      let rows = try rules(for: name, in: written.configuration, of: table)
      if rows.isEmpty { throw refusal("it has no name for \(name)") }
      for (rule, stored) in rows {
        if let scheme = written.schemes[name] {
          outputs += try encoded(
            name, recipe, as: stored, rule: rule, scheme: scheme, schemes: &schemes, in: &written)
          continue
        }
        guard rule.step.isWritten else {
          throw refusal("\(name) is read in that layout, not written")
        }
        if let whole = parts.add(recipe, to: stored, by: rule.step) {
          outputs.append(Plan.Output(name: stored, recipe: cast(whole, of: name)))
        }
      }
    }
    if let incomplete = parts.incomplete { throw refusal("it lacks a part of \(incomplete)") }
    for (name, tie, rule) in tiedNames(written) {
      guard let recipe = written.recipes[tie] else { continue }
      if let scheme = written.schemes[tie] {
        outputs += try encoded(
          tie, recipe, as: name, rule: rule, scheme: scheme, schemes: &schemes, in: &written)
      } else if let stored = rule.step.writing(recipe) {
        outputs.append(Plan.Output(name: name, recipe: cast(stored, of: tie)))
      }
    }
    if let note = roundingNote(outputs) { notes.append(note) }
    var metadata: ContainerMetadata = [:]
    if !schemes.isEmpty { metadata[StoredSchemes.key] = JSON.object(schemes).serialized() }
    return (Plan(outputs: outputs, fates: written.fates, notes: notes, metadata: metadata), written)
  }

  /// The rows that write a canonical parameter, with the full stored name of each. `table` has the rules by their skeletons.
  private func rules(
    for canonical: String, in configuration: ModelConfiguration, of table: [String: [Rule]]
  ) throws(SmithError) -> [(Rule, String)] {
    let inner = max(1, configuration.sizes[.innerBlocks] ?? 1)
    var rows: [(Rule, String)] = []
    for rule in table[NamePattern.skeleton(of: canonical)] ?? [] {
      guard rule.role.isWritten(untied: configuration.isUntied),
        rule.layers?.contains(configuration[.layers]) ?? true,
        var places = rule.canonical.match(canonical)
      else { continue }
      if let block = places["b"] {
        places.merge(["g": block / inner, "k": block % inner]) { $1 }
      }
      let name = rule.stored.filled(with: places, words: words(configuration))
      // A word from a configuration may be anything.
      guard rule.stored.words.isEmpty || rule.stored.match(name) != nil else {
        throw refusal("\(name) is no name of it")
      }
      rows.append((rule, decorated(name, configuration)))
    }
    return rows
  }

  /// What stands in the places that take text.
  private func words(_ configuration: ModelConfiguration) -> [String: String] {
    dialect.words.mapValues { configuration.carried[$0.key]?.stringValue ?? $0.usual }
  }

  /// The scope of a headless Hugging Face model is left out, as its bare class does.
  func decorated(_ name: String, _ configuration: ModelConfiguration) -> String {
    if let decorate = dialect.decorate { return decorate(name, configuration.parts) }
    if configuration.heads.isEmpty, dialect.otherScopes.contains(""),
      name.hasPrefix(dialect.scope)
    {
      return String(name.dropFirst(dialect.scope.count))
    }
    return (dialect.wrappers.first ?? "") + name
  }

  /// In the element type of the output, if it is another.
  private func cast(_ recipe: Recipe, of canonical: String) -> Recipe {
    guard let type = dialect.elementType(of: canonical, recipe) ?? dtype, recipe.dtype != type,
      recipe.dtype.isFloat
    else { return recipe }
    return .cast(recipe, to: type)
  }

  private func encoded(
    _ canonical: String, _ recipe: Recipe, as name: String, rule: Rule, scheme: String,
    schemes: inout JSONObject, in written: inout Parameters
  ) throws(SmithError) -> [Plan.Output] {
    guard rule.step == .copy, let coder = Schemes.named(scheme) else {
      throw refusal(
        "it stores \(canonical) in another layout, which \(scheme) codes cannot follow",
        remedy: "--dtype f32")
    }
    let components = try coder.components(shape: recipe.shape)
    let parts = recipe.encoded(by: scheme, count: components.count)
    if let layout = written.layout.flatMap(Layouts.writing) {
      let ending = ".weight"
      guard name.hasSuffix(ending) else {
        throw refusal("\(layout.name) stores matrices called X.weight, not \(name)")
      }
      let stem = String(name.dropLast(ending.count))
      written.laidOut.append(WrittenMatrix(stem: stem, scheme: coder.storedName))
      return layout.outputs(stem, coder, shape: recipe.shape, parts: parts)
    }
    schemes[name] = StoredSchemes.Entry.json(scheme: coder.storedName, shape: recipe.shape)
    return zip(components, parts).map { Plan.Output(name: name + $0.suffix, recipe: $1) }
  }

  /// Numbers that the two layouts add or take off are rounded once.
  private func roundingNote(_ outputs: [Plan.Output]) -> String? {
    let rounded = outputs.filter { $0.recipe.adds }
    guard let first = rounded.first else { return nil }
    let others = rounded.count == 1 ? "" : " and \(rounded.count - 1) more"
    return
      "the two layouts differ by a constant in \(first.name)\(others): its values are rounded once"
  }

  func refusal(_ reason: String, remedy: String? = nil) -> SmithError {
    SmithError(
      .refused, "cannot be written for \(dialect.name.rawValue): \(reason)",
      at: Place(item: family.name), remedy: remedy)
  }
}

extension Planner {
  /// The same model under the target's own schedule formula: as it is where that gives the same blocks, unrolled where it does not
  /// (models §2.3: 18 layers in 14 groups).
  private func fitSchedule(
    _ parameters: Parameters, notes: inout [String]
  ) throws(SmithError) -> Parameters {
    let configuration = parameters.configuration
    func runs(_ sizes: [Size: Int]) -> [Int] {
      dialect.schedule.schedule(
        layers: sizes[.layers] ?? 1, groups: sizes[.groups] ?? 1, inner: sizes[.innerBlocks] ?? 1)
    }
    let blocks = (configuration[.groups]) * (configuration[.innerBlocks])
    let needsAll = dialect.schedule == .sequential ? configuration.schedule.count : blocks
    let complete = (0..<needsAll).allSatisfy {
      parameters.recipes["blocks.\($0).attention.query.weight"] != nil
    }
    if runs(configuration.sizes) == configuration.schedule,
      complete || dialect.schedule == .sequential
    {
      return parameters
    }
    for layout in Unsharing.Layout.allCases {
      let unrolled = Unsharing(layout: layout).applied(to: parameters)
      if runs(unrolled.configuration.sizes) == unrolled.configuration.schedule {
        notes.append(
          "unrolled to \(unrolled.configuration.schedule.count) own blocks: \(dialect.name.rawValue) would run other blocks in \(configuration[.layers]) layers of \(configuration[.groups]) groups"
        )
        return unrolled
      }
    }
    throw refusal("its formula runs other blocks than the source's, even unrolled")
  }

  /// Adds the parts that the target's files always have, as ones that change nothing, and drops those it has no place for: the map from
  /// the embeddings' width to the blocks', where the two are equal.
  private func fitNeutralParts(
    _ parameters: inout Parameters, notes: inout [String]
  ) throws(SmithError) {
    for part in family.neutralParts.sorted() {
      guard let neutral = family.neutral(part, in: parameters.configuration) else { continue }
      let isDemanded = family.demanded[dialect.name]?.contains(part) ?? false
      let isThere = parameters.configuration.parts.contains(part)
      if isDemanded == isThere { continue }
      if let setting = family.obstacle(toNeutral: part, in: parameters.configuration) {
        throw refusal(
          "its graph has \(isDemanded ? "a" : "no") \(part) between equal widths, and behind one \(setting.rawValue) counts"
        )
      }
      for (name, _) in family.parameterNames(in: parameters.configuration) {
        guard let recipe = neutral[name] else { continue }
        if let own = parameters.recipes[name], try !isIdentity(own) {
          throw refusal("its graph has no \(part) between equal widths, and \(name) is not neutral")
        }
        parameters.recipes[name] = isDemanded ? recipe : nil
      }
      if isDemanded {
        parameters.configuration.parts.insert(part)
        notes.append("added the \(part) as an identity: the source has none between equal widths")
      } else {
        parameters.configuration.parts.remove(part)
        notes.append("dropped the \(part): it is an identity, and the target has none")
      }
    }
  }
}
