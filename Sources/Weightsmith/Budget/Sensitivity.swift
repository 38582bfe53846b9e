import SmithBytes
import SmithModels
import SmithTensors

/// What each matrix costs and loses under each encoding, measured one matrix at a time on the whole model: a block that runs at several
/// depths counts at all of them.
struct Sensitivity: Sendable {
  struct Row: Sendable {
    var name: String
    /// At how many depths the parameter is used.
    var runs: Int
    /// As it is first, then each encoding that holds it, once.
    var options: [EncodingOption]
  }

  var rows: [Row]

  init(
    _ trial: Trial, _ names: [String], _ choices: [EncodingChoice],
    _ progress: (Progress) -> Void
  ) throws(SmithError) {
    rows = []
    var total = 0
    for name in names {
      guard let recipe = trial.parameters.recipes[name] else { continue }
      var options = [EncodingOption(choice: nil, bytes: recipe.byteCount)]
      for option in choices.compactMap({ $0.option(for: recipe) })
      where !options.contains(where: { $0.name == option.name }) { options.append(option) }
      rows.append(Row(name: name, runs: trial.parameters.runs(of: name), options: options))
      total += options.count - 1
    }
    var done = 0
    for row in rows.indices {
      for index in rows[row].options.indices.dropFirst() {
        let name = rows[row].name
        do throws(SmithError) {
          let loss = try trial.loss([name: rows[row].options[index]]).squared
          rows[row].options[index].loss = loss.isFinite ? loss : .greatestFiniteMagnitude
        } catch { throw error.at(item: name) }
        done += 1
        progress(Progress(phase: .computing, done: done, total: total))
      }
    }
  }

  /// A step down: the next smaller option of one parameter.
  struct Step: Sendable {
    var row: Int
    var option: EncodingOption
    /// What is lost for each byte saved.
    var price: Double
  }

  /// From everything as it is to the smallest of each, the cheapest step first: the steps of all parameters on the lower convex hulls of
  /// loss over bytes, so that the steps of one parameter come in its own order.
  var path: [Step] {
    var steps: [Step] = []
    for (index, row) in rows.enumerated() {
      var hull: [EncodingOption] = []
      for option in row.options.sorted(by: { ($0.bytes, $1.loss) > ($1.bytes, $0.loss) }) {
        // What is smaller and loses no more leaves no use for the larger.
        while let last = hull.last, option.loss <= last.loss { hull.removeLast() }
        while hull.count > 1,
          Self.price(hull[hull.count - 2], hull[hull.count - 1])
            >= Self.price(hull[hull.count - 1], option)
        { hull.removeLast() }
        hull.append(option)
      }
      if hull.first?.choice != nil, let first = hull.first {
        steps.append(Step(row: index, option: first, price: -.infinity))
      }
      for (larger, smaller) in zip(hull, hull.dropFirst()) {
        steps.append(
          Step(row: index, option: smaller, price: Self.price(larger, smaller)))
      }
    }
    return steps.enumerated().sorted {
      ($0.element.price, $0.offset) < ($1.element.price, $1.offset)
    }
    .map(\.element)
  }

  private static func price(_ larger: EncodingOption, _ smaller: EncodingOption) -> Double {
    (smaller.loss - larger.loss) / Double(max(1, larger.bytes - smaller.bytes))
  }

  /// A row for each parameter, a column for each encoding with what it loses alone.
  func finding(chosen: [String: EncodingOption]) -> Finding {
    var names: [String] = []
    for option in rows.flatMap({ $0.options.dropFirst() }) where !names.contains(option.name) {
      names.append(option.name)
    }
    return Finding(
      "sensitivity", columns: ["parameter", "runs", "chosen", "bytes"] + names,
      rows: rows.map { row in
        let option = chosen[row.name] ?? row.options[0]
        return [
          .text(row.name), .count(row.runs), .text(option.name), .count(option.bytes),
        ]
          + names.map { name in
            row.options.first { $0.name == name }.map { .number($0.loss) } ?? .text("")
          }
      })
  }
}

extension Parameters {
  /// At how many depths a parameter is used: the runs of its block, 1 outside the blocks.
  func runs(of name: String) -> Int {
    let parts = name.split(separator: ".")
    guard parts.count > 1, parts[0] == "blocks", let block = Int(parts[1]) else { return 1 }
    return configuration.schedule.count { $0 == block }
  }
}
