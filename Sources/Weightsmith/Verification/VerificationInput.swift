import SmithBytes
import SmithModels

/// What two models are compared on.
public enum VerificationInput: Sendable {
  /// The architecture's own small input: the same for everybody.
  case standard
  case tokens([[Int]])
  /// Texts. A model that reads words takes what stands between white space, all others what their tokenizer makes of it.
  case text([String])
  case input(ModelInput)

  /// As much of it as two models are compared on: the first rows.
  public var beginning: VerificationInput {
    switch self {
    case .tokens(let rows): .tokens(Array(rows.prefix(64)))
    case .text(let texts): .text(Array(texts.prefix(64)))
    case .standard, .input: self
    }
  }

  /// How many sequences it gives; 0 where the input itself knows.
  var rowCount: Int {
    switch self {
    case .tokens(let rows): rows.count
    case .text(let texts): texts.count
    case .standard, .input: 0
    }
  }

  func input(for model: Model) throws(SmithError) -> ModelInput {
    try read(by: model).input(for: model.configuration)
  }

  func input(for configuration: ModelConfiguration) throws(SmithError) -> ModelInput {
    let architecture = configuration.architecture
    switch self {
    case .tokens(let rows): return try architecture.input(ids: rows, for: configuration)
    case .text(let texts):
      return try architecture.input(words: texts.map(\.words), for: configuration)
    case .input(let input): return input
    case .standard: return architecture.standardInput(for: configuration)
    }
  }

  /// The input with its texts made into tokens, where the model reads tokens.
  ///
  /// - Parameters:
  ///   - model: Whose tokenizer counts.
  ///   - other: A model of the same vocabulary, which may have a tokenizer where the first has none.
  ///   - tokenizer: A tokenizer file instead.
  ///   - note: Is told what a user should know: texts that were cut.
  /// - Returns: The same input, or the ids of its texts.
  /// - Throws: What `Model.tokens` throws.
  public func read(
    by model: Model, or other: Model? = nil, tokenizer: String? = nil,
    note: (String) -> Void = { _ in }
  ) throws(SmithError) -> VerificationInput {
    guard case .text(let texts) = self, !model.architecture.readsWords else { return self }
    var reader = model
    if tokenizer == nil, let other, !model.hasTokenizer, other.hasTokenizer { reader = other }
    let (rows, cut) = try reader.tokens(of: texts, tokenizer: tokenizer)
    if cut > 0 {
      let longest = model.architecture.longestSequence(for: model.configuration) ?? 0
      note("\(cut) of \(texts.count) texts cut to the \(longest) tokens that the model reads")
    }
    return .tokens(rows)
  }
}

extension String {
  /// What stands between white space.
  fileprivate var words: [String] { split(whereSeparator: \.isWhitespace).map(String.init) }
}
