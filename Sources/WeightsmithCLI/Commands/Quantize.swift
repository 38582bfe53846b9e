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
      "The scheme: \(SchemeChoice.described).", valueName: "name"))
  var scheme: String

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
      "How safetensors holds the codes: \(Layouts.names.joined(separator: ", ")); the last is our own and the default.",
      valueName: "name"))
  var layout: String?

  @Flag(help: "Take NaN for 0 and an infinity for the largest finite magnitude of its row.")
  var allowNonfinite = false

  @Flag(help: "Encode again what another scheme stores, with the error of both.")
  var requantize = false

  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var output: OutputOptions

  func execute() throws(SmithError) -> Outcome {
    let keep = keep.map(Glob.init)
    let transform: Transform
    switch try SchemeChoice(parsing: scheme, search: search) {
    case .scheme(let coder):
      transform = .quantize(
        coder, keeping: keep, requantizing: requantize, allowingNonfinite: allowNonfinite,
        layout: try SchemeChoice.layout(layout))
    case .type(let dtype): transform = .narrow(to: dtype, keeping: keep)
    }
    let model = try source.model(src).applying(transform)
    return try output.write(.model(model), to: dst)
  }
}
