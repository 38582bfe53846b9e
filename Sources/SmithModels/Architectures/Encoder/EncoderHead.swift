import SmithKernels

/// What one head reads and what it does before its last product (models §1.8). A family's heads are a table of these.
public struct EncoderHead: Hashable, Sendable, Codable {
  public enum Input: String, Hashable, Sendable, Codable {
    /// The pooler's output [B, H].
    case pooled
    /// The first token of the last block's output [B, H], as it is.
    case firstToken
    /// Every token of the last block's output [B, S, H].
    case everyToken
  }

  /// The activation after `heads.{name}.dense`.
  public enum HiddenActivation: Hashable, Sendable, Codable {
    /// The one of the blocks.
    case ofModel
    /// This one, whatever the configuration says: it stands in the library's code.
    case fixed(Activation)
  }

  public enum Output: String, Hashable, Sendable, Codable {
    /// `heads.{name}.{weight,bias}` [classes, H].
    case classes
    /// A layer norm, and a product with the word embeddings [V, E] (Devlin et al. 2019, §3.1).
    case words
  }

  /// The part of the model it is: `heads.{name}.…`.
  public var name: String
  public var input: Input
  /// Nil without a hidden layer.
  public var hidden: HiddenActivation?
  public var output: Output

  public init(
    _ name: String, on input: Input, hidden: HiddenActivation? = nil, output: Output = .classes
  ) {
    self.name = name
    self.input = input
    self.hidden = hidden
    self.output = output
  }

  /// The activation of its hidden layer in a model whose blocks have `activation`; nil without a hidden layer.
  public func hiddenActivation(_ activation: Activation) -> Activation? {
    switch hidden {
    case nil: nil
    case .ofModel: activation
    case .fixed(let own): own
    }
  }

  /// The parameter that shows that a checkpoint has this head.
  public var mark: String {
    output == .words ? "heads.\(name).dense.weight" : "heads.\(name).weight"
  }

  /// The parameter without which a checkpoint's classifier of this name is another head of the same name (`classifier` of
  /// transformers): the pooler that it reads, or its own hidden layer.
  var companion: String? {
    if input == .pooled { return "pooler.weight" }
    return hidden == nil ? nil : "heads.\(name).dense.weight"
  }

  /// Which word was masked.
  public static func maskedLanguage(_ activation: HiddenActivation = .ofModel) -> EncoderHead {
    EncoderHead("mlm", on: .everyToken, hidden: activation, output: .words)
  }

  /// The heads of BERT and ALBERT: the classifiers read the pooler.
  public static let pooling: [EncoderHead] = [
    EncoderHead("nsp", on: .pooled), EncoderHead("sop", on: .pooled),
    EncoderHead("sequence", on: .pooled), maskedLanguage(),
    EncoderHead("token", on: .everyToken), EncoderHead("span", on: .everyToken),
  ]

  /// The heads of the families whose sequence classifier has a layer of its own on the first token.
  public static func unpooled(
    sequence: Activation, maskedLanguage: HiddenActivation = .ofModel
  ) -> [EncoderHead] {
    [
      EncoderHead("sequence", on: .firstToken, hidden: .fixed(sequence)),
      .maskedLanguage(maskedLanguage),
      EncoderHead("token", on: .everyToken), EncoderHead("span", on: .everyToken),
    ]
  }
}
