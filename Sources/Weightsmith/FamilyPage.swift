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
