import ArgumentParser
import Weightsmith

struct Quantize: SmithCommand {
  static let configuration = CommandConfiguration(
    abstract: "Store matrices with fewer bits.",
    discussion:
      "Norms, biases and position tables keep their type, and so does a matrix whose rows the scheme cannot hold."
  )

  @Argument(help: "The checkpoint to read.")
  var src: String

  @Argument(help: "What to make.")
  var dst: String

  @Option(
    help: ArgumentHelp(
      "The scheme: \(Schemes.all.map(\.name).joined(separator: ", ")).", valueName: "name"))
  var scheme: String

  @Option(
    help: ArgumentHelp(
      "Canonical parameter names to leave as they are (* and ? match).", valueName: "glob"))
  var keep: [String] = []

  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var output: OutputOptions

  func execute() throws(SmithError) -> Outcome {
    guard let coder = Schemes.named(scheme) else {
      let known = Schemes.all.map(\.name).joined(separator: ", ")
      throw SmithError(.usage, "--scheme \(scheme): expected \(known)")
    }
    let model = try source.model(src).applying(.quantize(coder, keeping: keep.map(Glob.init)))
    return try output.write(.model(model), to: dst)
  }
}
