import SmithBytes
import SmithModels

/// A family's tables as a page for people: `Docs/Families/NAME.md` is this text, and a test holds the two together.
public struct FamilyPage: Sendable {
  let family: Family

  public init(_ family: Family) { self.family = family }

  /// The page in Markdown.
  public var text: String {
    ([intro, wordsIntro].compactMap { $0 }
      + [dialects, parameters, otherNames, strangers, heads, configuration].compactMap { $0 })
      .joined(separator: "\n") + "\n"
  }

  private var intro: String {
    """
    # \(family.name)

    Made from the tables in `Sources/SmithModels/Families`. Sizes: V words, E embedding width, H hidden width, I feed-forward width, P positions,
    T token types; C is the number of a head's classes. `{b}` counts blocks, `{g}` groups and `{k}` the blocks in a group. Matrices are
    [out, in]; a name with **ᵀ** behind it is stored [in, out].
    \(counted)
    """
  }

  /// What the places in names count in this family besides.
  private var counted: String {
    let counts = family.counts.sorted { $0.key < $1.key }
    if counts.isEmpty { return "" }
    return counts.map { "`{\($0.key)}` counts \($0.value.rawValue)" }.joined(separator: ", ")
      + ". What is done to a stored tensor is said in the order in which it is done.\n"
  }

  /// What stands in the places that take text, where a dialect has some.
  private var wordsIntro: String? {
    let words = family.dialects.flatMap { dialect in
      dialect.words.sorted { $0.key < $1.key }.map { place, word in
        "`{@\(place)}` in \(dialect.title)'s names is text, one of the \(word.what): `--set \(word.key)=NAME` chooses among several, and `\(word.usual)` is written where nothing names another."
      }
    }
    return words.isEmpty ? nil : words.joined(separator: "\n") + "\n"
  }

  private var dialects: String? {
    let rows = family.dialects.map { dialect in
      [
        code(dialect.title), dialect.configuration.placeText,
        dialect.schedule.sentence, dialect.isWritable ? "read, written" : "read",
      ]
    }
    return section("Dialects", ["`--names`", "configuration", "block at each depth", ""], rows)
  }

  /// One line a parameter, one column a dialect.
  private var parameters: String? {
    let rows = family.parameters.map { row in
      [code(row.name.text), row.shapeText, row.remark]
        + family.dialects.map { dialect in
          let names = dialect.rules.filter {
            $0.canonical == row.name && ($0.role.isName || $0.role == .writtenCopy)
          }
          return names.map(\.text).joined(separator: "<br>")
        }
    }
    return section(
      "Parameters", ["canonical", "shape", ""] + family.dialects.map { code($0.title) }, rows)
  }

  /// Spellings that are read and not written, and copies.
  private var otherNames: String? {
    let rows = family.dialects.flatMap { dialect in
      dialect.rules.compactMap { rule -> [String]? in
        guard let role = rule.role.sentence else { return nil }
        return [code(dialect.title), rule.text, code(rule.canonical.text), role]
      }
    }
    return section("Other names that are read", ["dialect", "stored", "parameter", ""], rows)
  }

  private var strangers: String? {
    let rows = family.dialects.flatMap { dialect in
      dialect.ignored.map { [code(dialect.title), $0.test.text, $0.reason] }
    }
    return section("Tensors that are no parameters", ["dialect", "name", "reason"], rows)
  }

  private var heads: String? {
    let rows = family.classes.map { modelClass in
      [
        code(modelClass.torch), code(modelClass.keras),
        modelClass.parts.sorted().map(code).joined(separator: ", "),
      ]
    }
    return section("Classes by heads", ["transformers", "in Keras files", "heads"], rows)
  }

  private var configuration: String? {
    let keys = family.dialects.map { code($0.title) }
    var rows = Size.allCases.compactMap { size -> [String]? in
      let cells = family.dialects.map { dialect in
        dialect.configuration.text(of: size)
      }
      return cells.allSatisfy(\.isEmpty) ? nil : [size.rawValue] + cells
    }
    rows += Setting.allCases.compactMap { setting -> [String]? in
      let cells = family.dialects.map { dialect in
        dialect.configuration.settingKeys.first { $0.setting == setting }.map { code($0.key) } ?? ""
      }
      return cells.allSatisfy(\.isEmpty) ? nil : [setting.rawValue] + cells
    }
    if family.parameters.contains(where: { $0.name.text.contains("norm.") }) {
      rows.append(
        ["layer-norm epsilon"]
          + family.dialects.map {
            $0.configuration.epsilonKey.map(code) ?? "\($0.configuration.epsilon)"
          })
    }
    if family.dialects.contains(where: { !$0.configuration.demands.isEmpty }) {
      rows.append(
        ["only with"]
          + family.dialects.map { dialect in
            dialect.configuration.demands.map { code("\($0.key)=\($0.text)") }
              .joined(separator: "<br>")
          })
    }
    rows.append(
      ["activations"]
        + family.dialects.map { dialect in
          dialect.configuration.activations.map { "\(code($0.spelling)) \($0.activation.rawValue)" }
            .joined(separator: "<br>")
        })
    return section("Configuration", [""] + keys, rows)
  }

  private func code(_ text: String) -> String { "`\(text)`" }

  /// A heading and a table; nil without rows.
  private func section(_ title: String, _ head: [String], _ rows: [[String]]) -> String? {
    guard !rows.isEmpty else { return nil }
    let lines = [head, head.map { _ in "---" }] + rows
    return "## \(title)\n\n"
      + lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n") + "\n"
  }
}

extension ConfigurationDialect {
  /// Where the settings stand.
  fileprivate var placeText: String {
    guard let embedding else { return fileNames.map { "`\($0)`" }.joined(separator: ", ") }
    return embedding.paths.map { "`\($0.dropLast())`" }.joined(separator: " or ")
      + " in the checkpoint"
  }

  /// The key of a size, and what the table has beyond it; empty where the file does not say it.
  fileprivate func text(of size: Size) -> String {
    guard let row = sizeKeys.first(where: { $0.size == size }) else { return "" }
    return "`\(row.key)`" + (beyond(size).map { " + \($0)" } ?? "")
  }
}

extension ConfigurationDialect {
  /// How many rows more the table has than the file says.
  private func beyond(_ size: Size) -> Int? {
    offsets[size]?.first.flatMap { $0 < 0 ? -$0 : nil }
  }
}

extension ConfigurationDialect.Demand {
  fileprivate var text: String {
    value.isNull ? "None" : value.stringValue ?? value.serialized()
  }
}

extension Dialect {
  fileprivate var title: String { part.map { "\(name.rawValue), \($0)" } ?? name.rawValue }
}

extension Rule {
  /// The stored name, what the layout step does to it, and the models that have it.
  fileprivate var text: String {
    [
      "`\(stored.text)`", step.words,
      layers.map { $0 == 1...1 ? "(one layer)" : "(several layers)" },
    ]
    .compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
  }
}

extension Rule.Step {
  /// What is done to the stored tensor, in the order in which it is done.
  fileprivate var words: String {
    switch self {
    case .copy: ""
    case .transpose: "**ᵀ**"
    case .part(let index, let count): "rows \(index + 1)/\(count)"
    case .headOutputs: "[H, A, H/A]"
    case .headInputs: "[A, H/A, H]"
    case .headBias: "[A, H/A]"
    case .ungroup: "grouped"
    case .squeeze: "without its first dimension"
    case .permute(let axes): "dimensions \(axes.map { "\($0 + 1)" }.joined(separator: " "))"
    case .belowZeros(let rows): "below \(rows) row\(rows == 1 ? "" : "s") of zeros"
    case .negate: "negative"
    case .add(let number): number < 0 ? "minus \(-number)" : "plus \(number)"
    case .chain(let steps): steps.map(\.words).joined(separator: ", ")
    }
  }
}

extension Rule.Role {
  fileprivate var sentence: String? {
    switch self {
    case .name: nil
    case .ofPart: "the part's or the head's own, instead of the shared one"
    case .oldName: "older spelling"
    case .tiedName: nil
    case .tiedCopy: "a copy, compared and not written"
    case .writtenCopy: "a copy, compared and written"
    case .prevailingCopy: "a copy, compared; written beside a decoder of its own"
    }
  }
}

extension Dialect.Ignored.Test {
  fileprivate var text: String {
    switch self {
    case .whole(let pattern): "`\(pattern.text)`"
    case .ending(let suffix): "…`\(suffix)`"
    case .beginning(let prefix): "`\(prefix)`…"
    }
  }
}

extension ScheduleFormula {
  fileprivate var sentence: String {
    switch self {
    case .sequential: "its own"
    case .shared: "the one block"
    case .albertOriginal: "group `int(i / L * G)`"
    case .albertHuggingFace: "group `int(i / (L / G))`"
    }
  }
}

extension ParameterRow {
  fileprivate var shapeText: String {
    "[" + dimensions.map(\.symbol).joined(separator: ", ") + "]"
  }

  fileprivate var remark: String {
    [part.map { "part `\($0)`" }, tiedTo.map { "else `\($0)`" }, neutral.map { "or \($0.word)" }]
      .compactMap { $0 }.joined(separator: ", ")
  }
}

extension NeutralValue {
  fileprivate var word: String { self == .identity ? "an identity" : "zeros" }
}

extension Dimension {
  fileprivate var symbol: String {
    switch self {
    case .size(let size): size.symbol
    case .classes: "C"
    case .exactly(let count): "\(count)"
    case .each(let what, let place, _): "\(what) {\(place)}"
    }
  }
}

extension Size {
  /// The letter of the papers.
  fileprivate var symbol: String {
    switch self {
    case .vocabulary: "V"
    case .embedding: "E"
    case .hidden: "H"
    case .intermediate: "I"
    case .positions: "P"
    case .tokenTypes: "T"
    case .heads: "A"
    case .layers: "L"
    case .groups: "G"
    case .innerBlocks: "K"
    case .characters, .wordLength, .characterWidth, .filters, .highways, .cell, .convolutions,
      .outputs, .mixes:
      rawValue
    }
  }
}
