import SmithBytes
import SmithModels
import SmithTensors

/// Looks for the smallest file whose model holds a budget.
///
/// The sensitivities order all steps down by what they lose for a byte; along that path the furthest model that holds is found by bisection
/// and by measuring; the step that broke the budget is left out, and the search goes on behind it. The best uniform encoding that holds is measured too, and is where the search
/// ends if nothing smaller holds.
struct BudgetSearch: Sendable {
  let budget: Budget
  let choices: [EncodingChoice]
  let trial: Trial
  let names: [String]

  typealias Assignment = [String: EncodingOption]

  struct Found {
    var assignment: Assignment
    var bytes: Int
    var loss: Loss
  }

  /// How often a step that broke the budget is left out and the search goes on with the rest.
  private static let mostRounds = 16

  /// `.unmet` with how close it came.
  func run(_ progress: (Progress) -> Void) throws(SmithError) -> Parameters {
    if budget.needsLogits, !trial.hasLogits {
      throw SmithError(
        .refused, "the model has no logits to measure top1 and kl on",
        remedy: "--budget \"cosine>=0.999\", or max-abs<=")
    }
    let sensitivity = try Sensitivity(trial, names, choices, progress)
    let uniform = try bestUniform(sensitivity)
    var found = try along(sensitivity.path, sensitivity)
    if let uniform, uniform.option.bytes < found.bytes { found = uniform.option }
    if let most = budget.mostBytes, found.bytes > most {
      throw unmet(
        isDemanding(budget.policy)
          ? "the smallest that holds the other demands takes \(found.bytes) bytes, at \(found.loss.summary)"
          : "the smallest takes \(found.bytes) bytes, at \(found.loss.summary)"
      )
    }
    return result(found, uniform, sensitivity)
  }

  /// Bytes of the whole model.
  private func bytes(_ assignment: Assignment) -> Int {
    trial.parameters.recipes.reduce(0) { sum, entry in
      sum + (assignment[entry.key]?.bytes ?? entry.value.byteCount)
    }
  }

  private func measured(_ assignment: Assignment) throws(SmithError) -> Found {
    Found(assignment: assignment, bytes: bytes(assignment), loss: try trial.loss(assignment))
  }

  private func isDemanding(_ policy: Policy) -> Bool {
    policy.leastCosine != nil || policy.leastTopOne != nil || policy.mostDivergence != nil
      || policy.mostDifference != nil
  }

  /// The smallest uniform encoding that holds.
  private func bestUniform(
    _ sensitivity: Sensitivity
  ) throws(SmithError) -> (name: String, option: Found)? {
    var sized: [(name: String, assignment: Assignment, bytes: Int)] = []
    for choice in choices {
      var assignment: Assignment = [:]
      for row in sensitivity.rows {
        assignment[row.name] = trial.parameters.recipes[row.name].flatMap(choice.option)
      }
      sized.append((choice.name, assignment, bytes(assignment)))
    }
    for candidate in sized.sorted(by: { $0.bytes < $1.bytes }) {
      if let most = budget.mostBytes, candidate.bytes > most { continue }
      let found = try measured(candidate.assignment)
      if found.loss.holds(budget.policy) { return (candidate.name, found) }
    }
    return nil
  }

  private func along(
    _ path: [Sensitivity.Step], _ sensitivity: Sensitivity
  ) throws(SmithError) -> Found {
    func assignment(_ count: Int) -> Assignment {
      var result: Assignment = [:]
      for step in path.prefix(count) { result[sensitivity.rows[step.row].name] = step.option }
      return result
    }
    let start = try measured([:])
    guard start.loss.holds(budget.policy) else {
      throw unmet("the model as it is has \(start.loss.summary)")
    }
    // With nothing demanded but a size, the first that is small enough is the best.
    if !isDemanding(budget.policy), let most = budget.mostBytes {
      let count = (0...path.count).first { bytes(assignment($0)) <= most } ?? path.count
      return try measured(assignment(count))
    }
    var (best, rest) = (start, path)
    for _ in 0..<Self.mostRounds where !rest.isEmpty {
      let (found, taken) = try furthest(from: best, rest, sensitivity)
      best = found
      guard taken < rest.count else { break }
      // The step that broke the budget is not taken, nor any after it of the same matrix.
      let row = rest[taken].row
      rest = rest.dropFirst(taken + 1).filter { $0.row != row }
    }
    return best
  }

  /// How many of the steps in order still hold, by bisection, every point measured.
  private func furthest(
    from start: Found, _ steps: [Sensitivity.Step], _ sensitivity: Sensitivity
  ) throws(SmithError) -> (Found, taken: Int) {
    var best = start
    // All of them first: they may already do.
    var (low, high, next) = (0, steps.count + 1, steps.count)
    while high - low > 1 {
      var assignment = start.assignment
      for step in steps.prefix(next) { assignment[sensitivity.rows[step.row].name] = step.option }
      let found = try measured(assignment)
      if found.loss.holds(budget.policy) {
        (low, best) = (next, found)
      } else {
        high = next
      }
      next = (low + high) / 2
    }
    return (best, low)
  }

  private func unmet(_ how: String) -> SmithError {
    SmithError(
      .unmet, "no choice of encodings holds \(budget): \(how)",
      remedy: "a wider budget, or more --scheme names")
  }

  private func result(
    _ found: Found, _ uniform: (name: String, option: Found)?, _ sensitivity: Sensitivity
  ) -> Parameters {
    var parameters = trial.parameters
    for (name, option) in found.assignment { option.apply(to: &parameters, name) }
    parameters.findings.append(sensitivity.finding(chosen: found.assignment))
    let beside =
      uniform.map { "; the best uniform encoding, \($0.name), takes \($0.option.bytes)" }
      ?? "; no uniform encoding holds it"
    parameters.notes.append(
      "budget \(budget): \(found.loss.summary) in \(found.bytes) bytes\(beside)")
    return parameters
  }
}

extension Transform {
  /// The smallest choice of encodings, matrix by matrix, whose model holds the budget on the input.
  ///
  /// Throws `.unmet` where none does, saying how close it came, and `.refused` as `quantize` does.
  public static func budget(
    _ budget: Budget, from choices: [EncodingChoice] = EncodingChoice.usual,
    keeping keep: [Glob] = [],
    requantizing: Bool = false, on input: VerificationInput = .standard, workers: Workers = .all,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) -> Transform {
    Transform(name: "budget \(budget)") { parameters, source throws(SmithError) in
      let names = parameters.recipes.filter {
        Quantization.isCandidate($0.key, $0.value, keeping: keep)
      }
      for (name, recipe) in names where !requantizing {
        guard let stored = recipe.storedScheme else { continue }
        throw SmithError(
          .refused, "it is stored as \(stored): another scheme would add its error to that one's",
          at: Place(item: name), remedy: "the original model, or --requantize")
      }
      // All activations of a pass are held at once, twice.
      let judged = input.beginning
      let trial = try Trial(
        parameters, source, on: judged.input(for: parameters.configuration), workers)
      var found = try BudgetSearch(
        budget: budget, choices: choices, trial: trial, names: Array(names.keys)
      ).run(progress)
      if judged.rowCount < input.rowCount {
        found.notes.append(
          "measured on the first \(judged.rowCount) of \(input.rowCount) sequences")
      }
      return found
    }
  }
}
