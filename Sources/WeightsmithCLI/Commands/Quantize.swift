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
      "The scheme: \(SchemeChoice.names.joined(separator: ", ")).", valueName: "name"))
  var scheme: String

  @Option(
    help: ArgumentHelp(
      "Canonical parameter names to leave as they are (* and ? match).", valueName: "glob"))
  var keep: [String] = []

  @Flag(help: "Encode again what another scheme stores, with the error of both.")
  var requantize = false

  @Option(
    help: ArgumentHelp(
      "How much an error in each column of a matrix counts: a file with a vector for each canonical parameter name (safetensors, npz), or an importance matrix of llama.cpp's (GGUF).",
      valueName: "file"))
  var importance: String?

  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var output: OutputOptions

  func execute() throws(SmithError) -> Outcome {
    let keep = keep.map(Glob.init)
    let model = try source.model(src)
    let weights = try importance.map { path throws(SmithError) in
      try ImportanceWeights(reading: Checkpoint.open(path, options: .strangers), for: model)
    }
    let transform: Transform
    switch try SchemeChoice(parsing: scheme) {
    case .scheme(let coder):
      transform = .quantize(
        coder, keeping: keep, requantizing: requantize, importance: weights)
    case .type(let dtype):
      if importance != nil {
        throw SmithError(.usage, "--importance: \(dtype.rawValue) rounds each number by itself")
      }
      transform = .narrow(to: dtype, keeping: keep)
    }
    return try output.write(.model(model.applying(transform)), to: dst)
  }
}
