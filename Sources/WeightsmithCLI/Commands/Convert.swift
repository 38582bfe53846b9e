import ArgumentParser
import Weightsmith

struct Convert: SmithCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a checkpoint for another ecosystem.",
    discussion:
      "DST is a folder, which gets configuration and tokenizer files too, or one file if it ends in the container's extension."
  )

  @Argument(help: "The checkpoint to read.")
  var src: String

  @Argument(help: "What to make.")
  var dst: String

  @OptionGroup var source: ConfigurationOptions
  @OptionGroup var output: OutputOptions

  func execute() throws(SmithError) -> Outcome {
    if output.keepsNames {
      if let part = source.part {
        throw SmithError(
          .usage, "--part \(part): with --names keep the whole checkpoint is written")
      }
      return try output.write(.checkpoint(Checkpoint.open(src, options: .strangers)), to: dst)
    }
    let model = try source.model(src)
    return try output.write(
      .model(output.dtype == nil ? model : model.applying(.dequantize)), to: dst)
  }
}
