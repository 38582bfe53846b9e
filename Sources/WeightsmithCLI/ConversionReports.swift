import Weightsmith

extension Reports {
  /// `--dry-run`: what would be written, from what, and what would not be.
  static func show(_ prepared: Conversion.Prepared, json: Bool) {
    if json {
      Console.print(prepared.plan.json)
      return
    }
    var table = TextTable(["OUTPUT", "DTYPE", "SHAPE", "FROM"], [.left, .left, .left, .left])
    for output in prepared.plan.outputs {
      let from = output.recipe.sources.joined(separator: ", ")
      table.add([
        output.name.escapedForTerminal, output.encoding.name, shape(output.shape),
        "\(output.recipe.steps)\(from)".escapedForTerminal,
      ])
    }
    Console.print(table)
    for line in leftOut(prepared.plan) + prepared.plan.notes {
      Console.print(line.escapedForTerminal)
    }
    for companion in prepared.companions {
      Console.print("with \(companion.name.escapedForTerminal)")
    }
  }

  static func show(
    _ report: ConversionReport, destination: String, json: Bool, adding: JSONObject = JSONObject()
  ) {
    if json {
      var object: JSONObject = [
        "destination": .string(destination), "files": .array(report.files.map(JSON.string)),
        "tensors": .integer(report.plan.outputs.count), "bytes": .integer(report.bytes),
        "verified": .bool(report.verified), "notes": .array(report.plan.notes.map(JSON.string)),
        "ignored": .array(
          report.plan.fates.filter { $0.kind == .ignored }.map { .string($0.tensor) }),
        "casts": .array(report.casts.map(\.json)),
      ]
      for (key, value) in adding { object[key] = value }
      Console.print(.object(object))
      return
    }
    let check = report.verified ? "read back and equal" : "not read back"
    Console.print(
      "\(count(report.plan.outputs.count, "tensor")), \(report.bytes.asBytes), \(check): \(destination.escapedForTerminal)"
    )
    for line in leftOut(report.plan) + report.plan.notes {
      Console.print("note: " + line.escapedForTerminal)
    }
    show(report.casts)
  }

  /// What casts did beyond rounding: a sentence, and the worst tensors.
  private static func show(_ casts: [TensorCast]) {
    guard let type = casts.first?.range.type else { return }
    var whole = CastRange(to: type)
    for cast in casts { whole.add(cast.range) }
    let saturated =
      whole.overflows == 0
      ? "" : "\(whole.overflows.grouped) too large, cut to the largest there is; "
    Console.print(
      "range: of \(whole.count.grouped) values in \(count(casts.count, "tensor")) \(saturated)\(whole.underflows.grouped) became zero, \(whole.subnormals.grouped) subnormal (fewer digits)"
    )
    var table = TextTable(
      ["TENSOR", "TYPE", "LARGEST", "TOO LARGE", "ZERO", "SUBNORMAL"],
      [.left, .left, .right, .right, .right, .right])
    for cast in casts.prefix(5) {
      table.add([
        cast.tensor.escapedForTerminal, cast.range.type.rawValue, cast.range.largest.short,
        cast.range.overflows.grouped, cast.range.underflows.grouped, cast.range.subnormals.grouped,
      ])
    }
    Console.print(table)
    if casts.count > 5 { Console.print("and \(casts.count - 5) more") }
  }

  /// One line for each reason why source tensors are not in the output.
  private static func leftOut(_ plan: Plan) -> [String] {
    let rest = plan.fates.filter { $0.kind == .ignored }
    return Dictionary(grouping: rest, by: \.detail).sorted { $0.key < $1.key }.map {
      reason, fates in
      "left out \(count(fates.count, "tensor")): \(reason) (\(fates[0].tensor)\(fates.count > 1 ? ", …" : ""))"
    }
  }
}
