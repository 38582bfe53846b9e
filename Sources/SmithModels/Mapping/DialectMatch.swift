import OrderedCollections
import SmithBytes

/// Stored tensors by name, each as the recipe that reads it. Quantized components are already folded into one entry here.
public typealias StoredTensors = OrderedDictionary<String, Recipe>

/// A stored tensor as far as recognition looks at it.
typealias StoredName = (name: String, shape: [Int])

/// The names of one checkpoint held against one dialect's table: which stored tensor is which canonical parameter.
struct DialectMatch {
  /// A stored tensor and the row it matched.
  struct Binding {
    var stored: String
    var canonical: String
    var step: Rule.Step
    var role: Rule.Role
    /// What stands in its name's places that take text.
    var words: [String: String] = [:]
  }

  let family: Family
  let dialect: Dialect
  let wrapper: String
  /// The matches in the order of the stored names. A stored name that two rows match stands here twice.
  var bindings: [Binding] = []
  /// Stored names that are no parameters, with the reason.
  var ignored: [(name: String, reason: String)] = []
  private(set) var unknown: [String] = []
  /// Groups and inner blocks that the names show (1 where the dialect does not group).
  private(set) var groups = 1
  private(set) var innerBlocks = 1
  /// How many values each place of the family's other counts has in the names: filters, highways.
  private(set) var counts: [String: Int] = [:]

  /// The numbers of attention heads that the shapes show: none in most ecosystems, one where kernels have their heads apart.
  private(set) var headCounts: Set<Int> = []

  /// How many stored tensors have a shape that their row's layout step can be meant for.
  private(set) var fitting = 0

  /// Every table that fits: it has a word table and a block.
  static func all(
    for tensors: [StoredName], in families: [Family] = Families.all
  ) -> [DialectMatch] {
    let names = tensors.map(\.name)
    let endings = NameEndings(
      families.flatMap { family in family.dialects.flatMap { $0.anchorEndings(of: family) } },
      among: names)
    var found: [DialectMatch] = []
    for family in families {
      for dialect in family.dialects
      where dialect.anchorEndings(of: family).contains(where: endings.contain) {
        for wrapper in dialect.wrappers {
          let match = DialectMatch(
            family: family, dialect: dialect, wrapper: wrapper, tensors: tensors)
          if match.isAnchored { found.append(match) }
        }
      }
    }
    return found
  }

  /// The best match over all families and dialects, nil when none fits. Two that fit equally well, or two parts of one checkpoint, are an
  /// error unless something besides the names tells which is meant.
  ///
  /// - Parameters:
  ///   - tensors: The stored names, with the shapes.
  ///   - families: The families whose tables are tried.
  ///   - part: The part that the user wants.
  ///   - modelType: The family that user or configuration file name; asked only where the names do not decide.
  /// - Returns: The match.
  /// - Throws: `.mismatch` for several models that fit, `.usage` for several parts, and what `modelType` throws.
  static func best(
    for tensors: [StoredName], in families: [Family] = Families.all, part: String? = nil,
    modelType: () throws(SmithError) -> String? = { () throws(SmithError) in nil }
  ) throws(SmithError) -> DialectMatch? {
    let found = all(for: tensors, in: families)
    let winners = found.filter { match in !found.contains { $0.isBetter(than: match) } }
    guard let first = winners.first else { return nil }
    let siblings = found.filter { $0.isBeside(first) }
    if siblings.count > 1 { return try choose(part: part, among: siblings) }
    return winners.count > 1 ? try choose(type: modelType(), among: winners) : first
  }

  /// Whether both are parts of one checkpoint.
  private func isBeside(_ other: DialectMatch) -> Bool {
    dialect.part != nil && other.dialect.part != nil && family.name == other.family.name
      && dialect.name == other.dialect.name && wrapper == other.wrapper
  }

  private static func choose(
    part: String?, among siblings: [DialectMatch]
  ) throws(SmithError) -> DialectMatch {
    if let match = siblings.first(where: { $0.dialect.part == part }) { return match }
    let names = siblings.compactMap(\.dialect.part)
    throw SmithError(
      .usage, "the checkpoint holds several models: \(names.joined(separator: ", "))",
      at: Place(item: part.map { "--part \($0)" }),
      remedy: names.map { "--part \($0)" }.joined(separator: ", or "))
  }

  private static func choose(
    type: String?, among winners: [DialectMatch]
  ) throws(SmithError) -> DialectMatch {
    guard let type else {
      let list = winners.map { "\($0.family.name) (\($0.dialect.name.rawValue))" }
      throw SmithError(
        .mismatch, "the names fit several models: \(list.joined(separator: ", "))",
        remedy: winners.map { "--set model_type=\($0.family.name)" }.joined(separator: ", or ")
          + ", or --config FILE that says it")
    }
    return winners.first { $0.family.isNamed(type) } ?? winners[0]
  }

  /// More tensors recognised, or as many and in better shape.
  private func isBetter(than other: DialectMatch) -> Bool {
    (bindings.count, fitting) > (other.bindings.count, other.fitting)
  }

  init(family: Family, dialect: Dialect, wrapper: String, tensors: [StoredName]) {
    self.family = family
    self.dialect = dialect
    self.wrapper = wrapper
    let table = RuleIndex(dialect)
    var hits: [(name: String, rule: Rule, places: NamePattern.Match)] = []
    for (name, shape) in tensors {
      let plain = plainName(name)
      let matches = plain.map { table.matches($0) } ?? []
      hits += matches.map { (name, $0.rule, $0.places) }
      if matches.contains(where: { $0.rule.step.fits(shape) }) { fitting += 1 }
      headCounts.formUnion(matches.compactMap { $0.rule.step.heads(in: shape) })
      if !matches.isEmpty { continue }
      if let reason = dialect.ignored.first(where: { $0.matches(plain ?? name) })?.reason {
        ignored.append((name, reason))
      } else {
        unknown.append(name)
      }
    }
    groups = hits.compactMap { $0.places.numbers["g"] }.max().map { $0 + 1 } ?? 1
    innerBlocks = hits.compactMap { $0.places.numbers["k"] }.max().map { $0 + 1 } ?? 1
    for place in family.counts.keys {
      counts[place] = hits.compactMap { $0.places.numbers[place] }.max().map { $0 + 1 } ?? 0
    }
    bindings = hits.map { hit in
      let numbers = hit.places.numbers
      let block = numbers["b"] ?? (numbers["g"] ?? 0) * innerBlocks + (numbers["k"] ?? 0)
      return Binding(
        stored: hit.name,
        canonical: hit.rule.canonical.filled(with: numbers.merging(["b": block]) { $1 }),
        step: hit.rule.step, role: hit.rule.role, words: hit.places.words)
    }
  }

  /// More of anything a name counts besides blocks than any model has, by an order of magnitude.
  private static let mostCounted = 1000

  /// `.limit` where a name counts what no model can have that many of: a list as long would be made for it.
  func checkCounts() throws(SmithError) {
    for (place, count) in counts where count > Self.mostCounted {
      let size = family.counts[place]?.rawValue ?? place
      throw SmithError(.limit, "names count \(count) \(size), at most \(Self.mostCounted)")
    }
  }

  /// A table that fits has at least the family's anchors, the word embedding and one block's query, and the dialect's own.
  private var isAnchored: Bool {
    (family.anchors + dialect.anchors).allSatisfy { anchor in
      bindings.contains { anchor.match($0.canonical) != nil }
    }
  }

  /// The name as the rules write it, nil when it lacks this match's wrapper.
  private func plainName(_ name: String) -> String? {
    guard name.hasPrefix(wrapper) else { return nil }
    let bare = String(name.dropFirst(wrapper.count))
    return dialect.normalise?(bare) ?? bare
  }
}

extension Dialect {
  /// How the names of the family's first anchor end, whatever stands before them.
  fileprivate func anchorEndings(of family: Family) -> [[UInt8]] {
    rules.filter { $0.canonical == family.anchors.first }.map(\.stored.text).map { text in
      Array((text.hasPrefix(scope) ? text.dropFirst(scope.count) : text[...]).utf8)
    }
  }
}

/// The rules of a dialect by the skeleton of their stored name, so that a name is compared with the one or two rows it can match.
private struct RuleIndex {
  private var rows: [String: [(pattern: NamePattern, rule: Rule)]] = [:]
  /// Those whose names take text: a handful, which every name is compared with.
  private var open: [(pattern: NamePattern, rule: Rule)] = []

  init(_ dialect: Dialect) {
    for rule in dialect.rules {
      add(rule.stored, rule)
      guard !dialect.scope.isEmpty, rule.stored.text.hasPrefix(dialect.scope) else { continue }
      for other in dialect.otherScopes {
        add(NamePattern(other + rule.stored.text.dropFirst(dialect.scope.count)), rule)
      }
    }
  }

  private mutating func add(_ pattern: NamePattern, _ rule: Rule) {
    if let skeleton = pattern.skeleton {
      rows[skeleton, default: []].append((pattern, rule))
    } else {
      open.append((pattern, rule))
    }
  }

  func matches(_ name: String) -> [(rule: Rule, places: NamePattern.Match)] {
    ((rows[NamePattern.skeleton(of: name)] ?? []) + open).compactMap { row in
      row.pattern.matching(name).map { (row.rule, $0) }
    }
  }
}
