import ArgumentParser
import Weightsmith

/// What a model is to read, for every command that runs one.
struct InputOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Token ids of one sequence; repeat for more.", valueName: "1,2,3"))
  var ids: [String] = []

  @Option(
    help: ArgumentHelp(
      "A text, for the tokenizer beside the weights; repeat for more.",
      valueName: "text"))
  var text: [String] = []

  @Option(
    help: ArgumentHelp(
      "Many sequences: lines of text, or rows of token ids (JSON, or a line for each).",
      valueName: "file"))
  var calibration: String?

  @Option(
    help: ArgumentHelp(
      "A tokenizer file instead of the one beside the weights.", valueName: "file"))
  var tokenizer: String?

  var isEmpty: Bool { ids.isEmpty && text.isEmpty && calibration == nil }

  /// The architecture's standard input where nothing is given; texts as the tokens of the model, or of the other one that is compared.
  /// `spells`: the command has another use for the tokenizer.
  func input(
    for model: Model, or other: Model? = nil, spells: Bool = false
  ) throws(SmithError) -> VerificationInput {
    if tokenizer != nil, text.isEmpty, calibration == nil, !spells {
      throw SmithError(.usage, "--tokenizer: for which text?", remedy: "--text TEXT")
    }
    return try given().read(by: model, or: other, tokenizer: tokenizer) {
      Console.error("note: \($0)")
    }
  }

  /// As it was given: what the arguments say without a model.
  func given() throws(SmithError) -> VerificationInput {
    if let calibration {
      guard ids.isEmpty, text.isEmpty else {
        throw SmithError(.usage, "--calibration and --ids or --text: one input or the other")
      }
      return try Calibration(file: calibration).input
    }
    if !text.isEmpty {
      guard ids.isEmpty else {
        throw SmithError(.usage, "--text and --ids: one input or the other")
      }
      return .text(text)
    }
    if ids.isEmpty { return .standard }
    let rows = try ids.map { text throws(SmithError) in
      guard let row = TokenIDs.row(text) else {
        throw SmithError(
          .usage, "--ids \(text): expected numbers and commas", remedy: "--ids 2,31,51,99,3")
      }
      return row
    }
    return .tokens(rows)
  }
}
