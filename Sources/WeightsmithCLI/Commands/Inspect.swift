import ArgumentParser
import Weightsmith

struct Inspect: SmithCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what a checkpoint is: container, model, tensors.")

  @Argument(help: "The checkpoint to read.")
  var path: String

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Show the names as a tree.")
  var tree = false

  @Flag(help: "Read the weights and show range, mean and deviation.")
  var stats = false

  @Option(
    help: ArgumentHelp("Only tensors whose stored name matches (* and ?).", valueName: "glob"))
  var match: String?

  @OptionGroup var source: ConfigurationOptions

  func execute() throws(SmithError) -> Outcome {
    let checkpoint = try Checkpoint.open(path, options: .strangers)
    let inspection = try Inspection(checkpoint, options: source.modelOptions())
    let tensors = inspection.matching(Glob(match ?? "*"))
    let statistics = stats ? try checkpoint.statistics(of: tensors) : [:]
    if json {
      Console.print(inspection.json(tensors: tensors, statistics: statistics))
    } else {
      Reports.show(inspection, path: path)
      if tree {
        Console.print(Reports.tree(tensors))
      } else {
        Console.print(Reports.table(tensors, statistics))
      }
    }
    return .fine
  }
}
