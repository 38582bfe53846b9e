import SmithBytes
import SmithModels
import SmithTensors

/// Looks for the smallest file whose model holds a budget.
///
/// The sensitivities order all steps down by what they lose for a byte; along that path the smallest model that holds is found by bisection
/// and by measuring, then single further steps are tried. The best uniform encoding that holds is measured too, and is where the search
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

  /// Single steps that are tried beyond what bisection found.
  private static let extraSteps = 16

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
    var (low, high) = (0, path.count + 1)
    var best = start
    while high - low > 1 {
      // The smallest first: it may already do.
      let middle = high > path.count ? path.count : (low + high) / 2
      let found = try measured(assignment(middle))
      if found.loss.holds(budget.policy) {
        (low, best) = (middle, found)
      } else {
        high = middle
      }
      if low == path.count { break }
    }
    return try extended(best, Array(path.dropFirst(low)), sensitivity)
  }

  /// Steps that the bisection stopped before, each for itself.
  private func extended(
    _ found: Found, _ steps: [Sensitivity.Step], _ sensitivity: Sensitivity
  ) throws(SmithError) -> Found {
    var (best, tries) = (found, 0)
    var refused: Set<Int> = []
    for step in steps where !refused.contains(step.row) && tries < Self.extraSteps {
      var assignment = best.assignment
      assignment[sensitivity.rows[step.row].name] = step.option
      let next = try measured(assignment)
      if next.loss.holds(budget.policy), next.bytes < best.bytes {
        best = next
      } else {
        refused.insert(step.row)
      }
      tries += 1
    }
    return best
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
      let trial = try Trial(
        parameters, source, on: input.input(for: parameters.configuration), workers)
      return try BudgetSearch(
        budget: budget, choices: choices, trial: trial, names: Array(names.keys)
      ).run(progress)
    }
  }
}
