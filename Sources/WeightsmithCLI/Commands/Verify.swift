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

  @OptionGroup var sentences: InputOptions

  @Option(
    help: ArgumentHelp(
      "Outputs that another program computed (safetensors: input_ids and activations).",
      valueName: "file"))
  var against: String?

  @Option(
    help: ArgumentHelp(
      "exact, or demands such as cosine>=0.99,top1>=0.95,kl<=0.01,max-abs<=0.1.",
      valueName: "policy"))
  var policy: String?

  @Flag(
    help:
      "Judge by what the models compute alone: parameters may differ (channels scaled, heads in another order)."
  )
  var activationsOnly = false

  @Option(
    help: ArgumentHelp(
      "Cloze questions to ask both models (JSON with rows of ids, mask_at, right).",
      valueName: "file"))
  var cloze: String?

  @Option(
    help: ArgumentHelp(
      "How weights stored as bytes are multiplied: \(ProductsChoice.names).", valueName: "how"))
  var products: String?

  @Option(help: ArgumentHelp("Threads; all cores by default.", valueName: "n"))
  var jobs: Int?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var source: ConfigurationOptions

  func execute() throws(SmithError) -> Outcome {
    let (old, new) = (try source.model(reference), try source.model(candidate))
    let demanded = try policy.map { text throws(SmithError) in try Policy(parsing: text) }
    var verification = Verification(of: new, against: old, policy: demanded)
    verification.products = try ProductsChoice.parse(products)
    verification.workers = try OutputOptions.workers(jobs)
    let bar = ProgressBar()
    defer { bar.finish() }
    var report: VerificationReport
    if let against {
      report = try verification.compare(against: ReferenceOutputs(against, options: .strangers)) {
        bar.update($0)
      }
    } else {
      let input = try sentences.input(for: old, or: new)
      report = try verification.compare(on: input) { bar.update($0) }
    }
    report.judgesParameters = !activationsOnly
    if let cloze { report.cloze = try ClozeQuestions(cloze).ask(old, new) }
    bar.finish()
    Reports.show(report, json: json)
    return report.holds ? .fine : .parityDoesNotHold
  }
}
