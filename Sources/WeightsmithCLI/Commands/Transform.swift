import ArgumentParser
import Weightsmith

struct TransformCommand: SmithCommand {
  static let configuration = CommandConfiguration(
    commandName: "transform", abstract: "Change a model's structure and write the result.")

  @Argument(help: "The checkpoint to read.")
  var src: String

  @Argument(help: "What to make.")
  var dst: String

  @Flag(help: "Give every depth a block of its own: the same numbers, nothing shared.")
  var unshare = false

  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var output: OutputOptions

  func execute() throws(SmithError) -> Outcome {
    guard unshare else {
      throw SmithError(.usage, "no transform given", remedy: "--unshare")
    }
    return try output.write(.model(source.model(src).applying(.unshare)), to: dst)
  }
}
