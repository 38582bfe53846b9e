import ArgumentParser
import Weightsmith

struct Run: SmithCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a model on an input and show what it puts out.",
    discussion: """
      --text goes through the tokenizer beside the weights; ELMo reads words as they are. Without text or ids the architecture's own \
      small input is read. With --top the heads answer in words: the likeliest tokens for each [MASK], the classes of a text or of its \
      tokens. --json prints every number, or with --top the answers.
      """)

  @Argument(help: "The checkpoint to run.")
  var model: String

  @OptionGroup var sentences: InputOptions

  @Flag(help: "Also what each layer puts out.")
  var layers = false

  @Option(help: ArgumentHelp("Answers of the heads, the n likeliest of each.", valueName: "n"))
  var top: Int?

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
    if let top, top < 1 { throw SmithError(.usage, "--top \(top): at least 1") }
    let model = try source.model(self.model)
    let input = try sentences.input(for: model, spells: top != nil)
    let output = try model.run(
      on: input, taps: layers ? .everyLayer : .none,
      products: try ProductsChoice.parse(products) ?? .asStored,
      workers: OutputOptions.workers(jobs))
    guard let top else {
      Reports.show(output, json: json)
      return .fine
    }
    guard case .tokens(let rows) = input else {
      throw SmithError(.usage, "--top: of which text?", remedy: "--text \"the [MASK] sat down\"")
    }
    let tokenizer = try model.tokenizer(file: sentences.tokenizer)
    let answers = model.answers(in: output, on: rows, tokenizer: tokenizer, count: top)
    Reports.show(answers, json: json)
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

  static func show(_ answers: [Answer], json: Bool) {
    if json {
      Console.print(["answers": .array(answers.map(\.json))])
      return
    }
    if answers.isEmpty { Console.error("note: no head of this model answers: no mask, no class") }
    var table = TextTable(
      ["TEXT", "HEAD", "TOKEN", "ANSWER", "PROBABILITY"], [.right, .left, .left, .left, .right])
    for answer in answers {
      for (index, choice) in answer.choices.enumerated() {
        let token = answer.place.map { "\($0) \((answer.token ?? "").escapedForTerminal)" } ?? ""
        table.add(
          (index == 0 ? ["\(answer.text + 1)", answer.head, token] : ["", "", ""])
            + [
              choice.label.escapedForTerminal,
              String(((choice.probability * 10_000).rounded() / 10_000)),
            ])
      }
    }
    if !answers.isEmpty { Console.print(table) }
  }
}
