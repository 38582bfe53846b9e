import Weightsmith

extension Reports {
  static func show(_ report: VerificationReport, json: Bool) {
    if json {
      Console.print(report.json)
      return
    }
    if !report.layers.isEmpty {
      Console.print(layers(report.layers, diverging: report.firstDivergence))
      Console.print("")
    }
    Console.print(tensors(report))
    if let cloze = report.cloze {
      Console.print(
        "cloze       reference \(cloze.referenceRight) of \(cloze.questions) right, candidate \(cloze.candidateRight); \(cloze.agreeing) answers agree"
      )
    }
    if report.multipliesBytes {
      Console.print("products    of bytes, activations quantized per token")
    }
    Console.print("policy      \(report.policy)")
    if !report.layers.isEmpty { Console.print("floor       \(report.floor.short)") }
    if !report.leftOut.isEmpty {
      Console.print("left out    \(report.leftOut.joined(separator: ", ")): not compared")
    }
    for refusal in report.refusals { Console.print("refused     \(refusal.escapedForTerminal)") }
    for tensor in report.failingTensors.prefix(5) {
      let detail: String
      switch tensor.verdict {
      case .missing, .extra: detail = ""
      default: detail = ", " + (tensor.note ?? "max abs \(tensor.maxAbs.short)")
      }
      Console.print(
        "tensor      \(tensor.name.escapedForTerminal): \(tensor.verdict.rawValue)\(detail)")
    }
    if report.failingTensors.count > 5 {
      Console.print("            and \(report.failingTensors.count - 5) more")
    }
    if let first = report.firstDivergence { Console.print("diverges    first at \(first)") }
    Console.print(report.holds ? "verdict     parity holds" : "verdict     parity does not hold")
  }

  static func layers(
    _ layers: [LayerParity], diverging: String? = nil, showsTopFive: Bool = false
  ) -> TextTable {
    let hasAlone = layers.contains { $0.alone != nil }
    var header = ["LAYER", "MAX ABS", "MEAN ABS", "COSINE"]
    if hasAlone { header.append("ALONE") }
    header += ["FLOOR", "TOP-1"] + (showsTopFive ? ["TOP-5"] : []) + ["KL", ""]
    var table = TextTable(
      header, [.left] + [TextTable.Alignment](repeating: .right, count: header.count - 2) + [.left])
    for layer in layers {
      var row = [layer.name, layer.maxAbs.short, layer.meanAbs.short, layer.cosine.fixed(6)]
      if hasAlone { row.append(layer.alone?.short ?? "") }
      row += [layer.floor.short, layer.topOne?.fixed(3) ?? ""]
      if showsTopFive { row.append(layer.topFive?.fixed(3) ?? "") }
      row.append(layer.divergence?.short ?? "")
      row.append(layer.name == diverging ? "<- diverges" : "")
      table.add(row)
    }
    return table
  }

  private static func tensors(_ report: VerificationReport) -> String {
    let verdicts: [(TensorParity.Verdict, String)] = [
      (.equal, "equal"), (.rounded, "equal but for the rounding of a constant in them"),
      (.encoded, "the reference's in the candidate's encoding, bit for bit"),
      (.approximate, "approximate"), (.different, "different"),
      (.omitted, "of parts without a place in the candidate's files"), (.missing, "missing"),
      (.extra, "extra"),
    ]
    let parts = verdicts.compactMap { verdict, text -> String? in
      let number = report.tensors.filter { $0.verdict == verdict }.count
      return number == 0 ? nil : "\(number) \(text)"
    }
    let judged = report.judgesParameters ? "" : "; not judged"
    return "parameters  " + parts.joined(separator: ", ") + judged
  }
}
