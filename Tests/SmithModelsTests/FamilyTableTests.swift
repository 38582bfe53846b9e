import SmithBytes
import SmithTensors
import Testing

@testable import SmithModels

/// Properties that hold for every table of every family, walked from the lists.
@Suite struct FamilyTableTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var family: Family
    var dialect: Dialect
    var testDescription: String {
      [family.name, dialect.name.rawValue, dialect.part ?? ""].joined(separator: " ")
    }
  }

  static let rows = Families.all.flatMap { family in
    family.dialects.map { Row(family: family, dialect: $0) }
  }

  @Test(arguments: rows)
  func `every rule names a parameter of the family`(row: Row) {
    let known = Set(row.family.parameters.map(\.name.text))
    for rule in row.dialect.rules {
      #expect(known.contains(rule.canonical.text), "\(rule.canonical.text)")
    }
  }

  /// Google's graph keeps no decoder of its own and no token head, each of ELECTRA's parts only its own head; Keras keeps no decoder.
  private static func lacking(_ dialect: Dialect) -> Set<String> {
    switch (dialect.name, dialect.part) {
    case (.original, "discriminator"?): ["decoder", "mlm", "sequence", "token", "span"]
    case (.original, "generator"?): ["decoder", "discriminator", "sequence", "token", "span"]
    case (.original, _), (.googleFast, _): ["decoder", "token", "mixes"]
    case (.keras, _): ["decoder"]
    // A task's mixes are AllenNLP's.
    case (.bilm, _): ["mixes"]
    case (.modelGarden, _): ["decoder", "token", "span"]
    case (.fairseq, _): ["pooler", "token", "span"]
    case (.gguf, _): ["pooler", "mlm", "decoder", "nsp", "sequence", "token", "span"]
    default: []
    }
  }

  @Test(arguments: rows)
  func `every parameter has a name, but for the parts an ecosystem lacks`(row: Row) {
    let named = Set(row.dialect.rules.filter(\.role.isName).map(\.canonical.text))
    let lacking = Set(row.family.parameters.map(\.name.text)).subtracting(named)
    let parts = Set(
      lacking.compactMap { name in row.family.parameters.first { $0.name.text == name }?.part })
    let all = Set(row.family.parameters.compactMap(\.part))
    #expect(parts == Self.lacking(row.dialect).intersection(all))
    #expect(
      lacking.allSatisfy { name in
        // Or, where the code computes without it, one that can change nothing.
        row.family.parameters.contains {
          $0.name.text == name && ($0.part != nil || $0.neutral != nil)
        }
      })
  }

  @Test(arguments: rows)
  func `two rules share a stored name only for the classifiers, or for their parts of it`(
    row: Row
  ) {
    let whole = row.dialect.rules.filter { !$0.step.isPart }
    let groups = Dictionary(grouping: whole, by: \.stored.text).filter { $0.value.count > 1 }
    for (_, rules) in groups {
      #expect(
        Set(
          rules.map {
            $0.canonical.text.hasPrefix("heads.sequence")
              || $0.canonical.text.hasPrefix("heads.token")
          }) == [true])
    }
  }

  @Test(arguments: Families.all.map(\.name))
  func `a tie leads to a parameter of the same shape that every model has`(name: String) throws {
    let family = try #require(Families.named(name))
    for row in family.parameters {
      guard let tie = row.tiedTo else { continue }
      let target = try #require(family.parameters.first { $0.name.text == tie })
      #expect(target.part == nil && row.part != nil)
      let sizes = family.equalSizes
      func dimensions(_ row: ParameterRow) -> [Dimension] {
        row.dimensions.map {
          if case .size(let size) = $0 { .size(sizes[size] ?? size) } else { $0 }
        }
      }
      #expect(dimensions(row) == dimensions(target), "\(row.name.text)")
    }
  }

  /// Each part once, and all of them.
  @Test(arguments: rows)
  func `the parts of a stored tensor are a whole`(row: Row) {
    let parts = row.dialect.rules.filter(\.step.isPart)
    for (name, rules) in Dictionary(grouping: parts, by: \.stored.text) {
      let count = rules[0].step.partCount
      #expect(rules.allSatisfy { $0.step.partCount == count }, "\(name)")
      let places = rules.map { rule in rule.step.parts.filter(\.isPart) }
      #expect(Set(places).count == count && rules.count == count, "\(name)")
    }
  }

  /// A complete model of made-up sizes, in each dialect's names: read, planned for the same dialect, the same names and shapes.
  @Test(arguments: rows.filter(\.dialect.isWritable))
  func `reading and writing are inverses`(row: Row) throws {
    let stored = Synthetic(row.family, row.dialect).stored
    let reader = ParameterReader(configurationFile: ("config", Synthetic.configuration(row.family)))
    let (parameters, copies) = try reader.read(stored)
    #expect(parameters.dialect == row.dialect.name)
    #expect(copies.allSatisfy { $0.recipe.shape == parameters.recipes[$0.canonical]?.shape })
    let planner = Planner(family: row.family, dialect: row.dialect) { _ throws(SmithError) in false
    }
    let (plan, _) = try planner.plan(parameters)
    let written = Dictionary(uniqueKeysWithValues: plan.outputs.map { ($0.name, $0.recipe) })
    let used = parameters.fates.filter { $0.kind != .ignored }.map(\.tensor)
    #expect(Set(written.keys) == Set(stored.keys))
    #expect(Set(used) == Set(stored.keys))
    for (name, recipe) in written
    where row.dialect.rules.contains(where: { $0.stored.text.hasSuffix(name) && $0.role.isName }) {
      #expect(recipe == stored[name], "\(name)")
    }
  }

  /// One tensor less, one more, one misshapen: each is an error that names it.
  @Test(arguments: rows)
  func `a missing, an extra and a misshapen tensor are named`(row: Row) throws {
    let stored = Synthetic(row.family, row.dialect).stored
    let reader = ParameterReader(configurationFile: ("config", Synthetic.configuration(row.family)))
    for name in stored.keys {
      var without = stored
      without.removeValue(forKey: name)
      let isCopy = row.dialect.rules.contains {
        $0.role == .writtenCopy && name.hasSuffix($0.stored.text)
      }
      if isCopy || Self.isHeadless(row, without) { continue }
      #expect(throws: SmithError.self, "without \(name)") { try reader.read(without) }

      var bent = stored
      bent[name] = .source(name: name, dtype: .f32, shape: (stored[name]?.shape ?? []) + [2])
      #expect(throws: SmithError.self, "misshapen \(name)") { try reader.read(bent) }

      // Codes of a scheme nobody named.
      bent[name] = .source(name: name, dtype: .i8, shape: stored[name]?.shape ?? [])
      let isTiedCopy = row.dialect.rules.contains {
        !$0.role.isName && name.hasSuffix($0.stored.text)
      }
      if !isTiedCopy { #expect(throws: SmithError.self, "coded \(name)") { try reader.read(bent) } }
    }
    var more = stored
    more["somebody/elses/tensor"] = .source(name: "somebody/elses/tensor", dtype: .f32, shape: [2])
    let error = #expect(throws: SmithError.self) { try reader.read(more) }
    #expect(error?.kind == .mismatch)
    #expect(error?.detail.contains("somebody/elses/tensor") == true)
  }

  /// Whether what is left is a whole model all the same, because the last tensor of a part went.
  private static func isHeadless(_ row: Row, _ stored: StoredTensors) -> Bool {
    guard
      let match = try? DialectMatch.best(
        for: stored.map { ($0.key, $0.value.shape) }, in: [row.family])
    else {
      return false
    }
    let names = Set(match.bindings.map(\.canonical))
    let parts = Dictionary(grouping: row.family.parameters.filter { $0.part != nil }) {
      $0.part ?? ""
    }
    return parts.values.contains { rows in
      rows.count == 1 && !names.contains(rows[0].name.text)
    }
  }
}

/// A complete small model in a dialect's names. Recipes only; there are no bytes.
struct Synthetic {
  static let sizes: [Size: Int] = [
    .vocabulary: 37, .embedding: 8, .hidden: 12, .intermediate: 20, .positions: 16, .tokenTypes: 2,
    .characters: 261, .characterWidth: 3, .cell: 9, .filters: 10, .highways: 2, .convolutions: 2,
    .mixes: 2, .outputs: 3, .layers: 2,
  ]
  /// Of each convolution.
  static let each = ["count": 5, "width": 4]

  var stored: StoredTensors = [:]

  init(_ family: Family, _ dialect: Dialect) {
    // Of two heads of one name the one on the sequence.
    let names = Dictionary(grouping: dialect.rules, by: \.stored.text)
    let rules = dialect.rules.filter { rule in
      (rule.role.isName || rule.role == .writtenCopy) && rule.layers?.contains(2) != false
        && (names[rule.stored.text]?.count == 1 || !rule.canonical.text.hasPrefix("heads.token"))
    }
    func row(_ rule: Rule) -> ParameterRow? {
      family.parameters.first {
        $0.name.text == rule.canonical.text && ($0.part != "decoder" || rule.role == .tiedName)
      }
    }
    let parts = Set(rules.compactMap { row($0)?.part })
    for rule in rules {
      guard let row = row(rule) else { continue }
      let shape = row.dimensions.map { dimension in
        switch dimension {
        case .size(let size): Self.sizes[family.equalSizes[size] ?? size] ?? 1
        case .classes: 3
        case .exactly(let count): count
        case .each(let what, _, _): Self.each[what] ?? 1
        }
      }
      for places in Self.fillings(of: rule, family) {
        let plain = rule.stored.filled(with: places, words: dialect.words.mapValues(\.usual))
        let name = dialect.decorate?(plain, parts) ?? plain
        stored[name] = .source(
          name: name, dtype: .f32, shape: rule.step.storedShape(of: shape, heads: 3))
      }
    }
  }

  /// Two blocks, and of everything else that names count as many as `sizes` says.
  static func fillings(of rule: Rule, _ family: Family) -> [[String: Int]] {
    var fillings: [[String: Int]] = [[:]]
    for place in rule.canonical.places {
      let count = family.counts[place].flatMap { sizes[$0] } ?? 2
      fillings = fillings.flatMap { filling in
        (0..<count).map { number in
          let same = place == "b" ? ["b": number, "g": number, "k": 0] : [place: number]
          return filling.merging(same) { $1 }
        }
      }
    }
    return fillings
  }

  static func configuration(_ family: Family) -> JSONObject {
    var file: JSONObject = [
      "architectures": [.string(family.classes.first { $0.parts == ["sequence"] }?.torch ?? "")]
    ]
    for table in family.dialects.map(\.configuration) {
      file[table.activationKey] = .string(table.activations.first?.spelling ?? "")
      file[table.key(of: .heads)] = 3
      file[table.key(of: .layers)] = 2
      for (setting, key) in table.settingKeys where setting == .skipsConnections {
        file[key] = true
      }
      if table.sizeKeys.contains(where: { $0.size == .wordLength }) {
        file[table.key(of: .wordLength)] = 50
      }
    }
    if family.name == "albert" { file["num_hidden_groups"] = 2 }
    return file
  }
}
