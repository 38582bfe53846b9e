import ArgumentParser
import Weightsmith

struct Quantize: SmithCommand {
  static let configuration = CommandConfiguration(
    abstract: "Store matrices with fewer bits.",
    discussion:
      "Norms, biases and position tables keep their type. A matrix whose rows the scheme cannot hold gets the scheme's substitute (as llama.cpp chooses it) or keeps its type, and a note says so."
  )

  @Argument(help: "The checkpoint to read.")
  var src: String

  @Argument(help: "What to make.")
  var dst: String

  @Option(
    help: ArgumentHelp(
      "The scheme: \(SchemeChoice.described). With --budget, those to choose from, between commas.",
      valueName: "name"))
  var scheme: String?

  @Option(
    help: ArgumentHelp(
      "Instead of one scheme: the smallest choice for each matrix that holds these demands (kl<=0.01,top1>=0.99; cosine>=, max-abs<=, size<=20MB).",
      valueName: "demands"))
  var budget: String?

  @Option(
    help: ArgumentHelp(
      "Canonical parameter names to leave as they are (* and ? match).", valueName: "glob"))
  var keep: [String] = []

  @Option(
    help: ArgumentHelp(
      "Look for the scales of least squared error (mse); for int2 ... int8 with a scale per row or group.",
      valueName: "how"))
  var search: String?

  @Option(
    help: ArgumentHelp(
      "How codes are chosen: \(MethodChoice.names). All but rounding look at --calibration.",
      valueName: "how"))
  var method = MethodChoice.rounding

  @Option(
    help: ArgumentHelp(
      "How safetensors holds the codes: \(Layouts.names.joined(separator: ", ")); the last is our own and the default.",
      valueName: "name"))
  var layout: String?

  @Flag(help: "Take NaN for 0 and an infinity for the largest finite magnitude of its row.")
  var allowNonfinite = false

  @Flag(help: "Encode again what another scheme stores, with the error of both.")
  var requantize = false

  @Option(
    help: ArgumentHelp(
      "How much an error in each column of a matrix counts: a file with a vector for each canonical parameter name (safetensors, npz), or an importance matrix of llama.cpp's (GGUF).",
      valueName: "file"))
  var importance: String?

  @OptionGroup var sentences: InputOptions
  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var output: OutputOptions

  func execute() throws(SmithError) -> Outcome {
    let bar = ProgressBar()
    defer { bar.finish() }
    let original = try source.model(src)
    let transform = try transform(of: original) { bar.update($0) }
    let model = try original.applying(transform)
    bar.finish()
    if !output.json { Reports.show(model.parameters.findings, json: false) }
    return try output.write(.model(model), to: dst) { () throws(SmithError) in
      ["findings": .array(model.parameters.findings.map(\.json))]
    }
  }

  private func transform(
    of model: Model, _ progress: @escaping @Sendable (Progress) -> Void
  ) throws(SmithError) -> Transform {
    let keep = keep.map(Glob.init)
    let layout = try SchemeChoice.layout(layout)
    if let layout, budget != nil {
      throw SmithError(
        .usage, "--layout \(layout): what a budget chooses is written in our own layout",
        remedy: "--scheme, or --layout \(Layouts.own)")
    }
    if let budget {
      if importance != nil {
        throw SmithError(
          .usage, "--importance: a budget chooses schemes by their error without it",
          remedy: "--scheme with --importance, or --budget alone")
      }
      return .budget(
        try Budget(parsing: budget), from: try choices(), keeping: keep, requantizing: requantize,
        on: try sentences.input(for: model), workers: try output.workers(), progress: progress)
    }
    guard let scheme else {
      throw SmithError(.usage, "--scheme or --budget: what shall the matrices become?")
    }
    let choice = try SchemeChoice.parse(scheme, search: search)
    if method != .rounding {
      if importance != nil {
        throw SmithError(
          .usage, "--importance: \(method.rawValue) measures its own on the calibration input")
      }
      return try method.transform(
        choice, on: Calibration(try sentences.input(for: model), workers: try output.workers()),
        keeping: keep, layout: layout, progress: progress)
    }
    switch choice {
    case .scheme(let coder):
      return .quantize(
        coder, keeping: keep, requantizing: requantize, allowingNonfinite: allowNonfinite,
        importance: try weights(of: model), layout: layout)
    case .type(let dtype):
      if importance != nil {
        throw SmithError(.usage, "--importance: \(dtype.rawValue) rounds each number by itself")
      }
      return .narrow(to: dtype, keeping: keep)
    }
  }

  private func weights(of model: Model) throws(SmithError) -> ImportanceWeights? {
    guard let importance else { return nil }
    return try ImportanceWeights(
      reading: Checkpoint.open(importance, options: .strangers), for: model)
  }

  /// What a budget chooses from: the names given, or the usual ones that the container can hold.
  private func choices() throws(SmithError) -> [EncodingChoice] {
    if let scheme { return try SchemeChoice.list(scheme) }
    let format = try Conversion.Target.format(named: output.to, for: dst)
    guard let native = format.writer?.schemes, !native.isEmpty else { return EncodingChoice.usual }
    return EncodingChoice.usual(in: native)
  }
}
