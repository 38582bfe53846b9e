import ArgumentParser
import Weightsmith

struct Run: SmithCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a model on an input and show what it puts out.",
    discussion: """
      --text goes through the tokenizer beside the weights; ELMo reads words as they are. Without text or ids the architecture's own \
      small input is read. --json prints every number.
      """)

  @Argument(help: "The checkpoint to run.")
  var model: String

  @OptionGroup var sentences: InputOptions

  @Flag(help: "Also what each layer puts out.")
  var layers = false

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
    let model = try source.model(self.model)
    let output = try model.run(
      on: try sentences.input(for: model), taps: layers ? .everyLayer : .none,
      products: try ProductsChoice.parse(products) ?? .asStored,
      workers: OutputOptions.workers(jobs))
    Reports.show(output, json: json)
    return .fine
  }
}

extension Reports {
  static func show(_ output: Activations<Float>, json: Bool) {
    if json {
      Console.print(output.json)
      return
    }
    var table = TextTable(
      ["OUTPUT", "SHAPE", "MIN", "MAX", "MEAN"], [.left, .left, .right, .right, .right])
    for tap in output.taps {
      let sum = tap.values.reduce(0) { $0 + Double($1) }
      table.add([
        tap.name, shape(tap.shape), Double(tap.values.min() ?? 0).short,
        Double(tap.values.max() ?? 0).short, (sum / Double(max(1, tap.values.count))).short,
      ])
    }
    Console.print(table)
  }
}
