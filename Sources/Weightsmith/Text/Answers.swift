import Foundation
import SmithBytes
import SmithModels
import SmithTokenizers

/// What a head says in words: the tokens it would put in a mask's place, or the class of a text or of a token.
public struct Answer: Hashable, Sendable {
  /// The head: `mlm`, `sequence`.
  public var head: String
  /// Which text, from 0.
  public var text: Int
  /// Which of its tokens; nil where the answer is of the whole text.
  public var place: Int?
  /// The token that stands there.
  public var token: String?
  /// The likeliest first.
  public var choices: [Choice]

  public struct Choice: Hashable, Sendable {
    public var label: String
    /// Softmax of the logits, 0 … 1.
    public var probability: Double
  }

  public var json: JSON {
    var object: JSONObject = ["head": .string(head), "text": .integer(text)]
    if let place { object["place"] = .integer(place) }
    if let token { object["token"] = .string(token) }
    object["choices"] = .array(
      choices.map { ["label": .string($0.label), "probability": .number($0.probability)] })
    return .object(object)
  }
}

extension Model {
  /// The answers of the model's heads.
  ///
  /// - Parameters:
  ///   - output: What the model put out.
  ///   - rows: The ids it read.
  ///   - tokenizer: Spells ids.
  ///   - count: How many choices each answer has at most.
  /// - Returns: Text by text and head by head: masks for heads that give words, texts or tokens for heads that give classes. Heads that
  ///   score places (span) and those of other kinds have none.
  public func answers(
    in output: Activations<Float>, on rows: [[Int]], tokenizer: Tokenizer, count: Int
  ) -> [Answer] {
    var answers: [Answer] = []
    for form in configuration.headForms {
      guard form.name != "span", let tap = output["heads.\(form.name).logits"],
        let width = tap.shape.last, width > 1
      else { continue }
      let length = form.input == .everyToken ? tap.shape[1] : 1
      for (text, ids) in rows.enumerated() {
        for place in 0..<min(length, form.input == .everyToken ? ids.count : 1) {
          if form.output == .words, ids[place] != tokenizer.mask { continue }
          let start = (text * length + place) * width
          let best = Self.best(tap.values[start..<(start + width)], count)
          let isToken = form.input == .everyToken
          answers.append(
            Answer(
              head: form.name, text: text, place: isToken ? place : nil,
              token: isToken ? tokenizer.token(ids[place]) : nil,
              choices: best.map { index, probability in
                let label =
                  form.output == .words
                  ? tokenizer.token(index) ?? "\(index)" : className(index, of: form.name, width)
                return Answer.Choice(label: label, probability: probability)
              }))
        }
      }
    }
    // By text, heads in the family's order within each.
    let byText = Dictionary(grouping: answers, by: \.text)
    return rows.indices.flatMap { byText[$0] ?? [] }
  }

  /// A class by the configuration's name for it. The pre-training heads have none there.
  private func className(_ index: Int, of head: String, _ width: Int) -> String {
    let names = configuration.carried["id2label"]
    guard ["sequence", "token"].contains(head), names?.objectValue?.count == width,
      let name = names?["\(index)"]?.stringValue
    else { return "\(index)" }
    return name
  }

  /// The largest of a row of logits as probabilities.
  private static func best(
    _ logits: ArraySlice<Float>, _ count: Int
  ) -> [(index: Int, probability: Double)] {
    let greatest = Double(logits.max() ?? 0)
    let weights = logits.map { exp(Double($0) - greatest) }
    let sum = weights.reduce(0, +)
    return weights.indices.sorted { (weights[$0], $1) > (weights[$1], $0) }.prefix(count)
      .map { ($0, weights[$0] / sum) }
  }
}

extension Tokenizer {
  /// The token that stands for a word to be guessed, if there is one.
  var mask: Int? { ["[MASK]", "<mask>"].lazy.compactMap { id(of: $0) }.first }
}
