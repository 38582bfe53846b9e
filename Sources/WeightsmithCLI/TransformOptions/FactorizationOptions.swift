import ArgumentParser
import Weightsmith

/// Matrices of lower rank: which, of what rank, and what counts as their error.
struct FactorizationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Cut the word table to a lower rank: a number, or energy=0.99 for the smallest that keeps this share.",
      valueName: "rank"))
  var factorize: String?

  @Option(
    help: ArgumentHelp(
      "Which matrices --factorize takes instead, by canonical name; repeat for more.",
      valueName: "glob"))
  var only: [String] = []

  @Flag(
    help:
      "--factorize loses least where the model is used: on the input of --calibration, --text or --ids."
  )
  var weighted = false

  @Option(
    help: ArgumentHelp(
      "How often each token comes, for --factorize of the word table: a JSON array, or a number on each line.",
      valueName: "file"))
  var counts: String?

  /// Nil where there is none; `input` is what `--weighted` looks at, nil where none was given.
  func transform(
    on input: VerificationInput?, _ workers: Workers
  ) throws(SmithError) -> Transform? {
    guard let factorize else {
      guard only.isEmpty, !weighted, counts == nil else {
        throw SmithError(.usage, "--only, --weighted and --counts say nothing without --factorize")
      }
      return nil
    }
    let rank = try rank(factorize)
    if let counts {
      guard only.isEmpty, !weighted else {
        throw SmithError(
          .usage, "--counts is for the word table alone: not with --only or --weighted")
      }
      return .factorize(rank, tokenCounts: try TokenCounts.read(counts), workers: workers)
    }
    if weighted, input == nil {
      throw SmithError(
        .usage, "--weighted: by what?", remedy: "--calibration FILE, --text TEXT, or --ids 2,31,5")
    }
    return .factorize(
      rank, only: only.map(Glob.init), weighing: weighted ? input : nil, workers: workers)
  }

  private func rank(_ text: String) throws(SmithError) -> Factorization.Rank {
    if let rank = Int(text) { return .exactly(rank) }
    if text.hasPrefix("energy="), let share = Double(text.dropFirst(7)), share > 0, share <= 1 {
      return .energy(share)
    }
    throw SmithError(
      .usage, "--factorize \(text): expected a rank or a share of the energy",
      remedy: "--factorize 128, or --factorize energy=0.99")
  }
}
