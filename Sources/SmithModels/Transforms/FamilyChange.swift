import OrderedCollections
import SmithBytes

/// The same model as another family's graph computes it (models §14.1): parameters are renamed, multiplied out, folded and left out, never
/// fitted. What the target has a place for follows from its rows; there is no table of pairs.
public struct FamilyChange: Sendable {
  public let target: Family
  /// Answers whether a stored matrix or vector changes nothing as a map: the identity, or zeros.
  public var isNeutral: @Sendable (Recipe) throws(SmithError) -> Bool
  /// Whether it goes on where the target cannot compute the same, so that the error can be measured.
  public var isForced = false

  public init(
    to target: Family, isNeutral: @escaping @Sendable (Recipe) throws(SmithError) -> Bool
  ) {
    self.target = target
    self.isNeutral = isNeutral
  }

  /// The parameters under the target family, with a note for every change of number or place. `.refused` with the reason where the
  /// target's graph cannot compute the same.
  public func applied(to parameters: Parameters) throws(SmithError) -> Parameters {
    var model = parameters
    if parameters.configuration.family == target.name { return model }
    let architecture = parameters.configuration.architecture
    guard architecture.name == target.architecture.name else {
      throw refusal("it runs on another architecture, \(architecture.name)")
    }
    if model.configuration.normPlacement != .post {
      guard isForced else {
        throw refusal("its blocks have their layer norms before attention, and none at the end")
      }
      model.configuration.normPlacement = .post
    }
    multiplyWords(&model)
    try dropProjection(&model)
    try checkWidths(&model)
    fitTokenTypes(&model)
    leaveOutParts(&model)
    model = fitSchedule(model)
    model.configuration.family = target.name
    model.configuration.headForms = target.heads
    model.configuration.variant = nil
    model.part = nil
    return model
  }

  private func has(_ name: String) -> Bool { target.parameters.contains { $0.name.text == name } }

  func refusal(_ reason: String) -> SmithError {
    SmithError(
      .refused, "not the same model as \(target.name): \(reason)",
      at: Place(item: "--as \(target.name)"))
  }
}

extension FamilyChange {
  /// albert_zh: a table V×E and a map E→H of the words alone are one table V×H, and the tied decoder follows.
  private func multiplyWords(_ model: inout Parameters) {
    let map = "embeddings.wordProjection.weight"
    guard !has(map), let projection = model.recipes[map] else { return }
    for name in ["embeddings.word", "heads.mlm.decoder.weight"] {
      guard let table = model.recipes[name] else { continue }
      model.recipes[name] = .product(table, projection.transposed)
    }
    remove(map, from: &model)
    model.configuration.parts.remove("wordProjection")
    model.configuration.sizes[.embedding] = model.configuration[.hidden]
    model.notes.append("the word table and its map are multiplied out, rounded once to f32")
  }

  /// The map E→H behind the embedding norm: left out where it is the identity, refused where it is not. BERT's embeddings end in a norm
  /// over H, and no table can give what a map of normed vectors gives.
  private func dropProjection(_ model: inout Parameters) throws(SmithError) {
    let names = ["embeddings.projection.weight", "embeddings.projection.bias"]
    guard !has(names[0]), model.recipes[names[0]] != nil else { return }
    let (e, h) = (model.configuration[.embedding], model.configuration[.hidden])
    var isIdentity = e == h
    for name in names where isIdentity {
      if let recipe = model.recipes[name] { isIdentity = try isNeutral(recipe) }
    }
    if isIdentity {
      model.notes.append("the projection is an identity and left out")
    } else if isForced {
      multiplyTables(&model)
    } else {
      throw refusal(
        e == h
          ? "its embeddings are mapped after their norm"
          : "its embeddings are normed at width \(e) and then mapped to \(h)")
    }
    for name in names { remove(name, from: &model) }
    model.configuration.parts.remove("projection")
  }

  /// What one would do in good faith: every table times the map, a norm that does nothing but norm, the map's bias behind it.
  private func multiplyTables(_ model: inout Parameters) {
    guard let map = model.recipes["embeddings.projection.weight"]?.transposed else { return }
    let h = model.configuration[.hidden]
    for name in ["word", "position", "tokenType"].map({ "embeddings." + $0 }) {
      model.recipes[name] = model.recipes[name].map { .product($0, map) }
    }
    model.recipes["embeddings.norm.weight"] = .ones(shape: [h])
    model.recipes["embeddings.norm.bias"] = model.recipes["embeddings.projection.bias"]
    model.configuration.sizes[.embedding] = h
    let masked = model.recipes.keys.filter { $0.hasPrefix("heads.mlm.") }
    for name in masked { remove(name, from: &model) }
    model.configuration.parts.remove("mlm")
  }

  private func checkWidths(_ model: inout Parameters) throws(SmithError) {
    for (size, other) in target.equalSizes
    where model.configuration[size] != model.configuration[other] {
      throw refusal(
        "its \(size.rawValue) width is \(model.configuration[size]), its \(other.rawValue) width \(model.configuration[other])"
      )
    }
  }

  /// A family without token types computes what type 0 gives; one with them needs a table that adds nothing.
  private func fitTokenTypes(_ model: inout Parameters) {
    let (types, positions) = ("embeddings.tokenType", "embeddings.position")
    if let table = model.recipes[types], !has(types), let position = model.recipes[positions] {
      model.recipes[positions] = .addingRow(position, row: .rows(table, from: 0, count: 1))
      remove(types, from: &model)
      model.configuration.sizes[.tokenTypes] = nil
      model.notes.append(
        "the vector of token type 0 is added to every position: the same model for inputs of type 0 only"
      )
    } else if model.recipes[types] == nil, has(types), let position = model.recipes[positions] {
      model.recipes[types] = .zeros(shape: [2, position.shape.last ?? 0])
      model.configuration.sizes[.tokenTypes] = 2
      model.notes.append("a table of two token types that add nothing is put in")
    }
  }

  /// Heads that answer different questions by the same computation: one family's file has a place for the one, another's for the other.
  private static let namesakes = ["sop": "nsp", "nsp": "sop"]

  /// Pooler and heads that the target has no place for, or computes otherwise.
  private func leaveOutParts(_ model: inout Parameters) {
    guard let source = Families.named(model.configuration.family) else { return }
    for part in model.configuration.parts.sorted() {
      let own = shapes(of: part, in: source, model.configuration)
      // What a transform has put in stays where the target has a place for it.
      if own.isEmpty, target.parameters.contains(where: { $0.part == part }) { continue }
      let isAlike = computesAlike(part, model.configuration)
      if isAlike, own == shapes(of: part, in: target, model.configuration) { continue }
      if let other = Self.namesakes[part], target.parameters.contains(where: { $0.part == other }) {
        rename(part, to: other, in: &model)
        continue
      }
      for name in own.keys { remove(name, from: &model) }
      model.configuration.parts.remove(part)
      model.notes.append("\(target.name) has no \(part) like this one: left out")
    }
    // Not one of the configuration's parts: where it is there it differs from the word table.
    let decoder = "heads.mlm.decoder.weight"
    if !has(decoder) { remove(decoder, from: &model) }
  }

  /// Whether the target's code does the same with a head's numbers. What is no head it does.
  private func computesAlike(_ part: String, _ configuration: ModelConfiguration) -> Bool {
    guard let form = configuration.headForms.first(where: { $0.name == part }),
      let other = target.heads.first(where: { $0.name == part })
    else { return true }
    let activation = configuration.activation
    return form.input == other.input && form.output == other.output
      && form.hiddenActivation(activation) == other.hiddenActivation(activation)
  }

  /// The parameters of a part in a family with the shapes they have in this model.
  private func shapes(
    of part: String, in family: Family, _ configuration: ModelConfiguration
  ) -> [String: [Int]] {
    let rows = family.parameters.filter { $0.part == part }
    return Dictionary(
      uniqueKeysWithValues: rows.map { row in
        let shape = row.dimensions.map { dimension in
          switch dimension {
          case .size(let size): configuration[size]
          case .classes(let head): configuration.classes[head] ?? 0
          case .exactly(let count): count
          case .each: 0
          }
        }
        return (row.name.text, shape)
      })
  }

  private func rename(_ part: String, to other: String, in model: inout Parameters) {
    let (old, new) = ("heads.\(part).", "heads.\(other).")
    model.recipes = OrderedDictionary(
      uniqueKeysWithValues: model.recipes.map { name, recipe in
        (name.hasPrefix(old) ? new + name.dropFirst(old.count) : name, recipe)
      })
    model.configuration.parts.remove(part)
    model.configuration.parts.insert(other)
    model.configuration.classes[other] = model.configuration.classes.removeValue(forKey: part)
    model.notes.append("the \(part) head is written as \(other): the same computation")
  }

  /// A parameter goes; its tensor has the fate that says so.
  private func remove(_ name: String, from model: inout Parameters) {
    guard let recipe = model.recipes.removeValue(forKey: name) else { return }
    model.schemes[name] = nil
    let gone = Set(recipe.sources).subtracting(model.recipes.values.flatMap(\.sources))
    model.fates = model.fates.map { fate in
      guard fate.kind == .used, gone.contains(fate.tensor) else { return fate }
      return TensorFate(
        tensor: fate.tensor, kind: .ignored, detail: "\(target.name) has no place for it")
    }
  }

  /// Shared blocks stay shared where the target's own formula runs the same ones, and become own blocks where it does not.
  private func fitSchedule(_ model: Parameters) -> Parameters {
    let groups = target.dialects.contains {
      $0.configuration.sizeKeys.contains { $0.size == .groups }
    }
    var result = model
    let depths = model.configuration.schedule.count
    result.configuration.sizes[.layers] = depths
    result.configuration.sizes[.groups] = groups ? model.configuration.runningBlocks.count : nil
    result.configuration.sizes[.innerBlocks] = groups ? 1 : nil
    let runs = target.dialects.first?.schedule.schedule(
      layers: depths, groups: model.configuration.runningBlocks.count, inner: 1)
    if runs == model.configuration.schedule { return result }
    return Unsharing().applied(to: result)
  }
}
