import Weightsmith

extension Reports {
  /// What transforms measured, table by table.
  static func show(_ findings: [Finding], json: Bool) {
    if json {
      Console.print(["findings": .array(findings.map(\.json))])
      return
    }
    for finding in findings {
      let isNumeric = finding.columns.indices.map { column in
        !finding.rows.contains { if case .text = $0[column] { true } else { false } }
      }
      var table = TextTable(
        finding.columns.map { $0.uppercased() }, isNumeric.map { $0 ? .right : .left })
      for row in finding.rows { table.add(row.map(\.shown)) }
      Console.print(table)
      Console.print("")
    }
  }

  /// Sizes, changed parameters and layers.
  static func show(_ report: TransformReport) {
    Console.print("")
    Console.print(layers(report.layers, showsTopFive: true))
    Console.print("")
    Console.print(
      "parameters  \(report.before.parameters) before, \(report.after.parameters) after")
    Console.print(
      "bytes       \(report.before.bytes.asBytes) before, \(report.after.bytes.asBytes) after")
    for (verdict, label) in [(TensorParity.Verdict.missing, "gone"), (.extra, "new")] {
      let tensors = report.changed.filter { $0.verdict == verdict }
      guard let first = tensors.first else { continue }
      let rest = tensors.count > 1 ? " and \(tensors.count - 1) more" : ""
      Console.print("\(label.padded(to: 12))\(first.name.escapedForTerminal)\(rest)")
    }
    let worst = report.changed.filter { ![.missing, .extra].contains($0.verdict) }
      .sorted { $0.maxAbs > $1.maxAbs }
    for tensor in worst.prefix(5) {
      Console.print(
        "changed     \(tensor.name.escapedForTerminal): max abs \(tensor.maxAbs.short), cosine \(tensor.cosine.fixed(6))"
      )
    }
    if worst.count > 5 { Console.print("            and \(worst.count - 5) more") }
  }
}

extension Finding.Cell {
  fileprivate var shown: String {
    switch self {
    case .text(let text): text.escapedForTerminal
    case .count(let count): "\(count)"
    case .number(let number):
      number.magnitude >= 0.001 && number < 1000 ? number.fixed(6) : number.short
    }
  }

  fileprivate var json: JSON {
    switch self {
    case .text(let text): .string(text)
    case .count(let count): .integer(count)
    // JSON has none for what is not finite.
    case .number(let number): number.isFinite ? .number(number) : .null
    }
  }
}

extension Finding {
  var json: JSON {
    [
      "title": .string(title),
      "rows": .array(
        rows.map { row in
          var object = JSONObject()
          for (column, cell) in zip(columns, row) { object[column] = cell.json }
          return .object(object)
        }),
    ]
  }
}
