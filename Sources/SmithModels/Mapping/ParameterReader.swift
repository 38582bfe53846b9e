import OrderedCollections
import SmithBytes

/// Reads stored names forward through a dialect's table: checkpoint in, canonical parameters out, or an error that lists everything missing,
/// unknown and misshapen.
public struct ParameterReader: Sendable {
  /// The source's own configuration file and its path for messages, if there is one.
  public var configurationFile: (name: String, values: JSONObject)?
  public var overrides: JSONObject
  /// Which model of a checkpoint that holds several.
  public var part: String?

  public init(
    configurationFile: (name: String, values: JSONObject)? = nil,
    overrides: JSONObject = JSONObject(), part: String? = nil
  ) {
    self.configurationFile = configurationFile
    self.overrides = overrides
    self.part = part
  }

  /// What names and shapes say: family and dialect, nil when no table fits.
  ///
  /// - Parameters:
  ///   - tensors: The stored names, with the shapes.
  ///   - part: Which model of a checkpoint that holds several.
  ///   - modelType: What configuration file or user call the family; asked only where the names fit several.
  /// - Returns: The table that fits best, and its family.
  /// - Throws: `.mismatch` where they fit several and nothing tells which; `.usage` where there are several parts and none, or
  ///   another one, is asked for.
  public static func recognise(
    _ tensors: [(name: String, shape: [Int])], part: String? = nil,
    modelType: () throws(SmithError) -> String? = { () throws(SmithError) in nil }
  ) throws(SmithError) -> (
    family: Family, dialect: Dialect
  )? {
    try DialectMatch.best(for: tensors, part: part, modelType: modelType).map {
      ($0.family, $0.dialect)
    }
  }

  /// The models that a checkpoint holds side by side; empty where it is one model or none.
  public static func parts(in tensors: [(name: String, shape: [Int])]) -> [String] {
    let parts = DialectMatch.all(for: tensors).compactMap(\.dialect.part)
    return parts.count > 1 ? parts : []
  }

  /// The canonical parameters, and the tied copies to compare before the copies are believed.
  public func read(_ stored: StoredTensors) throws(SmithError) -> (Parameters, [TiedCopy]) {
    let type = overrides["model_type"] ?? configurationFile?.values["model_type"]
    let tensors = stored.map { (name: $0.key, shape: $0.value.shape) }
    let match = try DialectMatch.best(for: tensors, part: part) { () throws(SmithError) in
      type?.stringValue
    }
    guard var match else {
      throw SmithError(
        .unsupported,
        "these names belong to no family we know (\(Families.all.map(\.name).joined(separator: ", ")))"
      )
    }
    try match.checkCounts()
    let settings = match.dialect.configuration.flattened(
      configurationFile?.values ?? JSONObject())
    let wordNotes = try match.chooseWords(
      asked: { overrides[$0]?.stringValue }, usual: { settings[$0]?.stringValue })
    var assembly = Assembly(match: match, stored: stored)
    assembly.bind(choosing: headOf(classifier: match))
    let solver = assembly.solve()
    let reader = ConfigurationReader(
      match, file: configurationFile, overrides: overrides, shapes: solver,
      groups: assembly.blockOrGroupCount)
    try assembly.refuseProblems(solver.conflicts, blocks: nil)
    let configuration = try reader.read(parts: assembly.parts)
    assembly.addNeutrals(configuration)
    try assembly.refuseProblems([], blocks: configuration)
    var parameters = Parameters(
      configuration: configuration, recipes: assembly.ordered, fates: assembly.fates,
      dialect: match.dialect.name)
    parameters.part = match.dialect.part
    parameters.notes = wordNotes + reader.notes
    parameters.leftOut = assembly.leftOut
    for (name, recipe) in parameters.recipes {
      if case .decode(let scheme, _, _) = recipe { parameters.schemes[name] = scheme }
    }
    return (parameters, assembly.copies)
  }

  /// `classifier` is the name of two heads: the one on the whole sequence, or the one on every token. The configuration's class decides;
  /// where it is silent, a model without what the first one reads can only have the second.
  private func headOf(classifier match: DialectMatch) -> String {
    let classes =
      (overrides["architectures"] ?? configurationFile?.values["architectures"])?.arrayValue ?? []
    let named = classes.compactMap(\.stringValue).compactMap { name in
      match.family.classes.first { $0.torch == name }
    }
    if named.contains(where: { $0.parts == ["token"] }) { return "token" }
    if named.contains(where: { $0.parts == ["sequence"] }) { return "sequence" }
    let companion = match.family.heads.first { $0.name == "sequence" }?.companion
    return match.bindings.contains { $0.canonical == companion } ? "sequence" : "token"
  }
}

/// The parameters while they are put together.
private struct Assembly {
  let match: DialectMatch
  let stored: StoredTensors
  var recipes: [String: Recipe] = [:]
  var copies: [TiedCopy] = []
  /// Rows that a step leaves out, and which must be zeros for that.
  var leftOut: [LeftOut] = []
  var fates: [TensorFate] = []
  var problems: [String] = []
  /// Parameters for which the part has a tensor of its own.
  private var own: Set<String> = []

  init(match: DialectMatch, stored: StoredTensors) {
    self.match = match
    self.stored = stored
    problems = match.unknown.map { "\($0): no row of \(match.family.name)'s tables" }
    if match.headCounts.count > 1 {
      let counts = match.headCounts.sorted().map(String.init).joined(separator: ", ")
      problems.append("the attention's tensors have different numbers of heads: \(counts)")
    }
    fates = match.ignored.map { TensorFate(tensor: $0.name, kind: .ignored, detail: $0.reason) }
  }

  /// Gives every parameter its tensor; a second tensor for one is a copy if its row or its owner says so, an error if not.
  mutating func bind(choosing head: String) {
    let whole = match.bindings.filter { !$0.step.isPart }
    let twice = Dictionary(grouping: whole, by: \.stored).filter { $0.value.count > 1 }
    let rows = match.bindings.filter { binding in
      twice[binding.stored] == nil || binding.canonical.hasPrefix("heads.\(head).")
    }
    for row in rows where row.role == .ofPart {
      take(row)
      own.insert(row.canonical)
    }
    for row in rows where row.role.isName || row.role == .oldName { take(row) }
    for row in rows where row.role.isCopy { take(row) }
  }

  /// What the ecosystem's code computes without, as parameters that change nothing.
  mutating func addNeutrals(_ configuration: ModelConfiguration) {
    for row in match.dialect.unnamedNeutrals(of: match.family) {
      recipes[row.name.text] = row.neutralRecipe(in: configuration)
    }
  }

  private mutating func take(_ row: DialectMatch.Binding) {
    guard let tensor = stored[row.stored] else { return }
    let recipe = row.step.reading(tensor)
    if recipes[row.canonical] == nil {
      recipes[row.canonical] = recipe
      if let rows = row.step.leftOut(of: tensor) {
        leftOut.append(LeftOut(stored: row.stored, canonical: row.canonical, recipe: rows))
      }
      noteUse(of: row.stored, as: row.canonical)
    } else if own.contains(row.canonical), row.role == .name {
      fates.append(
        TensorFate(
          tensor: row.stored, kind: .ignored,
          detail: match.dialect.part == nil
            ? Dialect.Ignored.replaced : Dialect.Ignored.otherPart))
    } else if match.dialect.normalise != nil || row.role.isCopy {
      copies.append(
        TiedCopy(
          stored: row.stored, canonical: row.canonical, recipe: recipe,
          prevails: row.role == .prevailingCopy))
      fates.append(TensorFate(tensor: row.stored, kind: .copy, detail: row.canonical))
    } else {
      problems.append("\(row.stored): a second tensor for \(row.canonical)")
    }
  }

  /// A tensor has one fate, however many parameters it holds; its rows follow each other.
  private mutating func noteUse(of stored: String, as canonical: String) {
    if let last = fates.last, last.tensor == stored, last.kind == .used {
      fates[fates.count - 1].detail += ", " + canonical
    } else {
      fates.append(TensorFate(tensor: stored, kind: .used, detail: canonical))
    }
  }

  /// Blocks where every depth has its own, groups otherwise: what the configuration counts.
  var blockOrGroupCount: Int {
    if case .sequential = match.dialect.schedule { return (blocksSeen.last ?? -1) + 1 }
    return match.groups
  }

  var parts: Set<String> {
    Set(
      match.family.parameters.compactMap { row in
        row.part.flatMap { part in hasAny(row) ? part : nil }
      }
    )
    .subtracting(["decoder"])
  }

  /// Whether the row's parameter is there, for any value of its places.
  private func hasAny(_ row: ParameterRow) -> Bool {
    if row.name.places.isEmpty { return recipes[row.name.text] != nil }
    return recipes.keys.contains { row.name.match($0) != nil }
  }

  /// The family's rows with the places filled in as the names have them, contiguous but for the blocks.
  private var rowsSeen: [(name: String, row: ParameterRow)] {
    let blocks = blocksSeen
    return match.family.parameterNames { place in
      match.counts[place].map { Array(0..<$0) } ?? blocks
    }
  }

  /// Every block that has any tensor, ascending.
  private var blocksSeen: [Int] {
    Set(
      recipes.keys.compactMap { name -> Int? in
        let parts = name.split(separator: ".")
        return parts.first == "blocks" && parts.count > 1 ? Int(parts[1]) : nil
      }
    ).sorted()
  }

  func solve() -> ShapeSolver {
    var solver = ShapeSolver()
    for (name, row) in rowsSeen {
      guard let recipe = recipes[name] else { continue }
      // Integers are somebody's codes; as weights they would be wrong without a word.
      guard recipe.dtype.isFloat else {
        solver.refuse(name, "\(recipe.dtype.rawValue) is no floating-point type")
        continue
      }
      solver.add(name, shape: recipe.shape, dimensions: row.dimensions)
    }
    return solver
  }

  /// The recipes in the order of the family's table.
  var ordered: OrderedDictionary<String, Recipe> {
    var result: OrderedDictionary<String, Recipe> = [:]
    for (name, _) in rowsSeen {
      if let recipe = recipes[name] { result[name] = recipe }
    }
    return result
  }

  /// Throws one error that lists unknown, doubled and contradicting tensors; with the configuration also what is missing from it.
  func refuseProblems(
    _ conflicts: [String], blocks configuration: ModelConfiguration?
  ) throws(SmithError) {
    var all = problems + conflicts
    if let configuration { all += missing(configuration) }
    guard let first = all.first else { return }
    let kind: SmithError.Kind = conflicts.isEmpty && problems.isEmpty ? .missing : .mismatch
    let more = all.dropFirst().prefix(4).joined(separator: "; ")
    let rest = all.count > 5 ? "; and \(all.count - 5) more" : ""
    throw SmithError(
      kind, all.count == 1 ? first : "\(all.count) problems: \(first); \(more)\(rest)",
      at: Place(item: "\(match.family.name) (\(match.dialect.name.rawValue))"))
  }

  private func missing(_ configuration: ModelConfiguration) -> [String] {
    var demanded = parts.union(match.family.demanded[match.dialect.name] ?? [])
    let family = match.family
    if configuration.isUntied { demanded.insert("decoder") }
    demanded.formUnion(
      family.neutralParts.filter { family.neutral($0, in: configuration) == nil })
    return family.parameterNames(in: configuration).compactMap { name, row in
      if recipes[name] != nil || row.part.map({ !demanded.contains($0) }) ?? false { return nil }
      return "\(name): no tensor for it"
    }
  }
}
