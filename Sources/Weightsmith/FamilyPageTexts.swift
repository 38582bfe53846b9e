import SmithBytes
import SmithModels

// What a family's page says of each thing in its tables.

extension ConfigurationDialect {
  /// Where the settings stand.
  var placeText: String {
    if let entryPrefix { return "`\(entryPrefix)…` entries of the container" }
    guard let embedding else { return fileNames.map { "`\($0)`" }.joined(separator: ", ") }
    return embedding.paths.map { "`\($0.dropLast())`" }.joined(separator: " or ")
      + " in the checkpoint"
  }

  /// The key of a size, and what the table has beyond it; empty where the file does not say it.
  func text(of size: Size) -> String {
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
  var text: String {
    value.isNull ? "None" : value.stringValue ?? value.serialized()
  }
}

extension Dialect {
  var title: String { part.map { "\(name.rawValue), \($0)" } ?? name.rawValue }
}

extension Rule {
  /// The stored name, what the layout step does to it, and the models that have it.
  var text: String {
    [
      "`\(stored.text)`", step.words,
      layers.map { $0 == 1...1 ? "(one layer)" : "(several layers)" },
    ]
    .compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
  }
}

extension Rule.Step {
  /// What is done to the stored tensor, in the order in which it is done.
  var words: String {
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
  var sentence: String? {
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
  var text: String {
    switch self {
    case .whole(let pattern): "`\(pattern.text)`"
    case .ending(let suffix): "…`\(suffix)`"
    case .beginning(let prefix): "`\(prefix)`…"
    }
  }
}

extension ScheduleFormula {
  var sentence: String {
    switch self {
    case .sequential: "its own"
    case .shared: "the one block"
    case .albertOriginal: "group `int(i / L * G)`"
    case .albertHuggingFace: "group `int(i / (L / G))`"
    }
  }
}

extension ParameterRow {
  var shapeText: String {
    "[" + dimensions.map(\.symbol).joined(separator: ", ") + "]"
  }

  var remark: String {
    [part.map { "part `\($0)`" }, tiedTo.map { "else `\($0)`" }, neutral.map { "or \($0.word)" }]
      .compactMap { $0 }.joined(separator: ", ")
  }
}

extension NeutralValue {
  var word: String { self == .identity ? "an identity" : "zeros" }
}

extension Dimension {
  var symbol: String {
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
  var symbol: String {
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
