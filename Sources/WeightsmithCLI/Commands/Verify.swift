import ArgumentParser
import Weightsmith

struct Verify: SmithCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prove that two checkpoints are the same model.",
    discussion: """
      Compares every parameter, then every layer's output on the same input. A difference is judged against the rounding floor that a \
      double-precision pass of the reference measures. Exit code 1 when parity does not hold.
      """)

  @Argument(help: "The checkpoint to trust.")
  var reference: String

  @Argument(help: "The checkpoint to test.")
  var candidate: String

  @Option(help: ArgumentHelp("Token ids of one sequence; repeat for more.", valueName: "1,2,3"))
  var ids: [String] = []

  @Option(
    help: ArgumentHelp(
      "Outputs that another program computed (safetensors: input_ids and activations).",
      valueName: "file"))
  var against: String?

  @Option(
    help: ArgumentHelp(
      "exact, or demands such as cosine>=0.99,top1>=0.95,kl<=0.01.", valueName: "policy"))
  var policy: String?

  @Option(
    help: ArgumentHelp(
      "Cloze questions to ask both models (JSON with rows of ids, mask_at, right).",
      valueName: "file"))
  var cloze: String?

  @Option(help: ArgumentHelp("Threads; all cores by default.", valueName: "n"))
  var jobs: Int?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var source: ConfigurationOptions

  func execute() throws(SmithError) -> Outcome {
    let (old, new) = (try source.model(reference), try source.model(candidate))
    let demanded = try policy.map { text throws(SmithError) in try Policy(parsing: text) }
    var verification = Verification(of: new, against: old, policy: demanded)
    verification.workers = try OutputOptions.workers(jobs)
    let bar = ProgressBar()
    defer { bar.finish() }
    var report: VerificationReport
    if let against {
      report = try verification.compare(against: ReferenceOutputs(against, options: .strangers)) {
        bar.update($0)
      }
    } else {
      report = try verification.compare(on: VerificationInput(ids: ids)) { bar.update($0) }
    }
    if let cloze { report.cloze = try ClozeQuestions(cloze).ask(old, new) }
    bar.finish()
    Reports.show(report, json: json)
    return report.holds ? .fine : .parityDoesNotHold
  }
}

extension VerificationInput {
  /// `--ids 2,31,3`, once for each sequence; the standard input where there is none.
  init(ids: [String]) throws(SmithError) {
    guard !ids.isEmpty else {
      self = .standard
      return
    }
    let rows = try ids.map { text throws(SmithError) in
      let numbers = text.split(separator: ",").map { Int($0.filter { $0 != " " }) }
      guard !numbers.isEmpty, !numbers.contains(nil) else {
        throw SmithError(
          .usage, "--ids \(text): expected numbers and commas", remedy: "--ids 2,31,51,99,3")
      }
      return numbers.compactMap { $0 }
    }
    self = .tokens(rows)
  }
}
