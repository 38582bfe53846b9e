import ArgumentParser
import Weightsmith

struct Tokenize: SmithCommand {
  static let configuration = CommandConfiguration(
    abstract: "Cut a text into tokens, as the model reads it.",
    discussion: """
      MODEL is a tokenizer file, a folder with one, or a checkpoint with one beside it; no weights are read. With - each line of standard \
      input is a text, and a line of ids comes out for each.
      """)

  @Argument(help: "A tokenizer file, or a folder or checkpoint with one.")
  var model: String

  @Argument(help: "The text, or - for lines of standard input.")
  var text: String

  @Option(help: ArgumentHelp("A second text, for models that read two.", valueName: "text"))
  var pair: String?

  @Option(
    help: ArgumentHelp(
      "Whose customs hold where the file says nothing: \(TokenizerFormats.families.joined(separator: ", ")).",
      valueName: "name"))
  var family: String?

  @Flag(help: "Nothing around the text: no [CLS], no [SEP].")
  var bare = false

  @Option(help: ArgumentHelp("At most so many tokens.", valueName: "n"))
  var maximum: Int?

  @Flag(help: "The other way: TEXT is ids between commas or spaces, and text comes out.")
  var decode = false

  @Flag(help: "Print JSON: for lines of standard input one value a line.")
  var json = false

  func execute() throws(SmithError) -> Outcome {
    if let maximum, maximum < 1 {
      throw SmithError(.usage, "--maximum \(maximum): at least 1")
    }
    if let family, !TokenizerFormats.families.contains(family) {
      throw SmithError(
        .usage, "--family \(family): no such family",
        remedy: TokenizerFormats.families.joined(separator: ", "))
    }
    let tokenizer = try Tokenizer.open(near: model, family: family)
    let around = bare ? 0 : tokenizer.template.specials(around: pair == nil ? 1 : 2)
    if let maximum, maximum < around {
      throw SmithError(
        .usage, "--maximum \(maximum): \(around) tokens stand around a text", remedy: "--bare")
    }
    guard text == "-" else {
      try show(text, tokenizer)
      return .fine
    }
    var input = InputLines()
    while let lines = try input.next() {
      var output = ""
      // What came before a line that is wrong is told.
      defer { Console.write(output) }
      for text in lines { try append(text, tokenizer, to: &output) }
    }
    return .fine
  }

  private func show(_ text: String, _ tokenizer: Tokenizer) throws(SmithError) {
    guard !decode else {
      let decoded = tokenizer.decode(try ids(text), skippingSpecial: bare)
      if json {
        Console.print(["text": .string(decoded)])
      } else {
        Console.print(decoded.escapedForTerminal)
      }
      return
    }
    let encoding = encode(text, tokenizer)
    if json { Console.print(encoding.json) } else { Reports.show(encoding, types: pair != nil) }
  }

  /// What one line of input becomes: one line.
  private func append(
    _ text: String, _ tokenizer: Tokenizer, to output: inout String
  ) throws(SmithError) {
    if decode {
      let decoded = tokenizer.decode(try ids(text), skippingSpecial: bare)
      let value: JSON = ["text": .string(decoded)]
      output += json ? value.serialized(forTerminal: true) : decoded.escapedForTerminal
    } else {
      let encoding = encode(text, tokenizer)
      if json {
        output += encoding.json.serialized(forTerminal: true)
      } else {
        for (index, id) in encoding.ids.enumerated() {
          if index > 0 { output += " " }
          output += String(id)
        }
      }
    }
    output += "\n"
  }

  private func encode(_ text: String, _ tokenizer: Tokenizer) -> TokenEncoding {
    let encoding = tokenizer.encode(text, pair: pair, template: !bare, maximum: maximum)
    if encoding.dropped > 0 { Console.error("note: \(encoding.dropped) tokens cut off") }
    return encoding
  }

  private func ids(_ text: String) throws(SmithError) -> [Int] {
    guard let ids = TokenIDs.row(text), ids.allSatisfy({ $0 >= 0 }) else {
      throw SmithError(.usage, "--decode: not a row of token ids", remedy: "--decode 101,7592,102")
    }
    return ids
  }
}

extension Reports {
  /// A row for each token: its id, how the vocabulary spells it, and the code points that it covers.
  static func show(_ encoding: TokenEncoding, types: Bool) {
    var table = TextTable(
      ["ID", "TOKEN", "COVERS"] + (types ? ["TYPE"] : []),
      [.right, .left, .left] + (types ? [.right] : []))
    for (index, id) in encoding.ids.enumerated() {
      let place = encoding.offsets[index]
      let covers = place.isEmpty ? "" : "\(place.lowerBound)..<\(place.upperBound)"
      table.add(
        [String(id), encoding.tokens[index].escapedForTerminal, covers]
          + (types ? [String(encoding.types[index])] : []))
    }
    Console.print(table)
  }
}
