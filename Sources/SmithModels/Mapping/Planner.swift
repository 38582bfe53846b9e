import OrderedCollections
import SmithBytes
import SmithTensors

/// Outputs that are put together from several parameters, until the last of their parts is there.
private struct FusedOutputs {
  private var parts: [String: [Recipe?]] = [:]

  /// Takes in one part; the whole output when it was the last.
  mutating func add(_ outputs: [Plan.Output], at index: Int, of count: Int) -> [Plan.Output] {
    outputs.compactMap { output in
      var found = parts[output.name] ?? [Recipe?](repeating: nil, count: count)
      found[index] = output.recipe
      let whole = found.compactMap { $0 }
      parts[output.name] = whole.count == count ? nil : found
      return whole.count == count
        ? Plan.Output(name: output.name, recipe: .joining(whole)) : nil
    }
  }

  /// The name of an output that misses a part.
  var incomplete: String? { parts.keys.min() }
}

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
    let unnamed = try leaveOutNeutrals(&written, notes: &notes)
    notes += expectations(written.configuration)
    var outputs: [Plan.Output] = []
    var fused = FusedOutputs()
    var schemes = JSONObject()
    for (name, recipe) in written.recipes where !unnamed.contains(name) {
      let rows = try rules(for: name, in: written.configuration)
      if rows.isEmpty { throw refusal("it has no name for \(name)") }
      for (rule, stored) in rows {
        let parts = try output(
          name, recipe, as: stored, rule: rule, scheme: written.schemes[name], schemes: &schemes)
        if case .part(let index, let count) = rule.step {
          outputs += fused.add(parts, at: index, of: count)
        } else {
          outputs += parts
        }
      }
    }
    if let incomplete = fused.incomplete { throw refusal("it lacks a part of \(incomplete)") }
    for (name, tie, rule) in tiedNames(written) {
      guard let recipe = written.recipes[tie] else { continue }
      outputs += try output(
        tie, recipe, as: name, rule: rule, scheme: written.schemes[tie], schemes: &schemes)
    }
    var metadata: ContainerMetadata = [:]
    if !schemes.isEmpty { metadata[StoredSchemes.key] = JSON.object(schemes).serialized() }
    return (Plan(outputs: outputs, fates: written.fates, notes: notes, metadata: metadata), written)
  }

  /// The rows that write a canonical parameter, with the full stored name of each.
  private func rules(
    for canonical: String, in configuration: ModelConfiguration
  ) throws(SmithError) -> [(Rule, String)] {
    let pattern = Self.pattern(of: canonical)
    var rows: [(Rule, String)] = []
    for rule in dialect.rules
    where rule.role.isWritten(untied: configuration.isUntied)
      && rule.canonical.text == pattern.text
    {
      let inner = max(1, configuration.sizes[.innerBlocks] ?? 1)
      let block = pattern.block ?? 0
      let name = rule.stored.filled(
        with: ["b": block, "g": block / inner, "k": block % inner], words: words(configuration))
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

  /// `blocks.7.x` as the table's `blocks.{b}.x` and 7.
  private static func pattern(of canonical: String) -> (text: String, block: Int?) {
    var parts = canonical.split(separator: ".").map(String.init)
    guard parts.first == "blocks", parts.count > 2, let block = Int(parts[1]) else {
      return (canonical, nil)
    }
    parts[1] = "{b}"
    return (parts.joined(separator: "."), block)
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

  private func output(
    _ canonical: String, _ recipe: Recipe, as name: String, rule: Rule, scheme: String?,
    schemes: inout JSONObject
  ) throws(SmithError) -> [Plan.Output] {
    guard let stored = rule.step.writing(recipe) else {
      throw refusal("\(canonical) is read in that layout, not written")
    }
    guard let scheme else {
      guard let dtype, stored.dtype != dtype, stored.dtype.isFloat else {
        return [Plan.Output(name: name, recipe: stored)]
      }
      return [Plan.Output(name: name, recipe: .cast(stored, to: dtype))]
    }
    guard rule.step == .copy, let coder = Schemes.named(scheme) else {
      throw refusal(
        "it stores \(canonical) transposed, which \(scheme) codes cannot follow",
        remedy: "--dtype f32")
    }
    schemes[name] = StoredSchemes.Entry.json(scheme: scheme, shape: recipe.shape)
    let components = try coder.components(shape: recipe.shape)
    let parts = recipe.encoded(by: scheme, count: components.count)
    return zip(components, parts).map { Plan.Output(name: name + $0.suffix, recipe: $1) }
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
      for name in family.parameters.map(\.name.text) {
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
