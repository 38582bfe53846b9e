import Weightsmith

/// The text of the library's values.
enum Reports {
  static func show(_ inspection: Inspection, path: String) {
    var lines: [(String, String)] = [
      ("container", "\(inspection.container), \(count(inspection.files.count, "file"))")
    ]
    if let family = inspection.family {
      lines.append(("model", "\(family), names as in \(inspection.dialect?.rawValue ?? "?")"))
    } else {
      let known = Families.all.map(\.name).joined(separator: ", ")
      lines.append(("model", "unknown: the names are of no family we read (\(known))"))
    }
    if let model = inspection.model { lines += describe(model) }
    for (name, model) in inspection.parts { lines += [("part", name)] + describe(model) }
    lines.append(
      ("tensors", "\(inspection.tensors.count.grouped), \(inspection.tensorBytes.asBytes)"))
    for (key, value) in inspection.metadata.sorted(by: { $0.key < $1.key }) {
      lines.append(("metadata", "\(key) = \(shortened(value))"))
    }
    lines += unused(fates(of: inspection)).map { ("unused", $0) }
    lines += inspection.notes.map { ("note", $0) }
    for (label, text) in lines {
      Console.print(label.padded(to: 12) + text.escapedForTerminal)
    }
    Console.print("")
  }

  /// What became of each tensor; of several parts' what is the same in all of them.
  private static func fates(of inspection: Inspection) -> [TensorFate] {
    if let model = inspection.model { return model.parameters.fates }
    let all = inspection.parts.map(\.model.parameters.fates)
    return (all.first ?? []).filter { fate in all.allSatisfy { $0.contains(fate) } }
  }

  /// One line for all copies, and one for each reason to ignore a tensor.
  private static func unused(_ fates: [TensorFate]) -> [String] {
    var lines: [String] = []
    let copies = fates.filter { $0.kind == .copy }
    if !copies.isEmpty {
      let shown = copies.prefix(3).map(\.detail).joined(separator: ", ")
      let more = copies.count > 3 ? ", …" : ""
      lines.append("\(count(copies.count, "tensor")), repeating \(shown)\(more)")
    }
    let ignored = Dictionary(grouping: fates.filter { $0.kind == .ignored }, by: \.detail)
    for (reason, tensors) in ignored.sorted(by: { $0.key < $1.key }) {
      lines.append("\(count(tensors.count, "tensor")), \(reason)")
    }
    return lines
  }

  private static func describe(_ model: Model) -> [(String, String)] {
    let lines = model.summary.map { label, text in
      switch text {
      case .text(let text): (label, text)
      case .sizes(let sizes):
        (label, sizes.map { "\($0.letter) \($0.value.grouped)" }.joined(separator: "  "))
      }
    }
    return lines + [("parameters", model.parameters.parameterCount.grouped)]
  }

  static func table(_ tensors: [TensorInfo], _ statistics: [String: TensorStatistics]) -> TextTable
  {
    var header = ["NAME", "DTYPE", "SHAPE", "BYTES"]
    if !statistics.isEmpty { header += ["MIN", "MAX", "MEAN", "STD", "NONFINITE"] }
    var table = TextTable(
      header,
      [.left, .left, .left] + [TextTable.Alignment](repeating: .right, count: header.count - 3),
      rows: tensors.count + 1)
    for tensor in tensors {
      table.add(tensor.name.escapedForTerminal)
      table.add(tensor.encoding.name)
      table.add { $0.append(shape: tensor.shape) }
      table.add { $0.append(grouped: tensor.byteCount) }
      if statistics.isEmpty { continue }
      guard let found = statistics[tensor.name], found.count > 0 else {
        table.add(["", "", "", "", ""])
        continue
      }
      table.add([
        found.minimum.short, found.maximum.short, found.mean.short, found.deviation.short,
        "\(found.nonFinite)",
      ])
    }
    return table
  }

  /// The names by their parts, each folder once.
  static func tree(_ tensors: [TensorInfo]) -> String {
    var lines: [String] = []
    var open: [Substring] = []
    for tensor in tensors.sorted(by: { $0.name < $1.name }) {
      let parts = tensor.name.split(whereSeparator: { $0 == "/" || $0 == "." })
      let shared = zip(open, parts.dropLast()).prefix { $0 == $1 }.count
      for (depth, part) in parts.dropLast().enumerated().dropFirst(shared) {
        lines.append(String(repeating: "  ", count: depth) + String(part).escapedForTerminal)
      }
      let leaf = String(parts.last ?? "").escapedForTerminal
      lines.append(
        String(repeating: "  ", count: max(0, parts.count - 1))
          + "\(leaf)  \(tensor.encoding.name) \(shape(tensor.shape))")
      open = Array(parts.dropLast())
    }
    return lines.joined(separator: "\n")
  }

  static func shape(_ shape: [Int]) -> String {
    var text: [UInt8] = []
    text.append(shape: shape)
    return String(decoding: text, as: UTF8.self)
  }

  static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  private static func shortened(_ text: String) -> String {
    text.count <= 60 ? text : "\(text.prefix(60))… (\(text.utf8.count) bytes)"
  }
}

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
