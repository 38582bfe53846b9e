/// One row of a dialect's table: a canonical parameter, what the ecosystem calls it, and the layout step between the two.
public struct Rule: Hashable, Sendable {
  /// The layout step from the stored tensor to the canonical one. A table runs both ways: each step that is written has an inverse.
  public enum Step: Hashable, Sendable {
    case copy
    /// Stored [in, out], canonical [out, in].
    case transpose
    /// Stored: `count` parameters of one shape, one below the other; canonical: the one at `index` (fairseq's fused query, key and value).
    case part(Int, of: Int)
    /// Stored [in, heads, width], canonical [heads · width, in]: the query, key and value kernels of Keras' MultiHeadAttention. Read, never
    /// written.
    case headOutputs
    /// Stored [heads, width, out], canonical [out, heads · width]: its output kernel. Read, never written.
    case headInputs
    /// Stored [heads, width], canonical [heads · width]: the biases of the former. Read, never written.
    case headBias
    /// Stored [in/g, out/g, g], canonical [out, in] with zeros between groups. Read, never written.
    case ungroup
    /// Stored with a first dimension of 1 that the canonical tensor lacks.
    case squeeze
    /// Canonical dimension k is the stored dimension at place k of the list.
    case permute([Int])
    /// Stored below that many rows of zeros, which stand for padding and are no part of the parameter.
    case belowZeros(Int)
    /// Stored with the opposite sign.
    case negate
    /// Canonical is stored plus this number, rounded once.
    case add(Double)
    /// Several steps, the stored tensor's first. Rows that share a stored tensor split it alike.
    case chain([Step])
  }

  /// What the row is for.
  public enum Role: Hashable, Sendable {
    /// The parameter's own name.
    case name
    /// A tensor of the part's own where it usually takes another part's (`untied_generator_embeddings`): it comes before the name's
    /// row, whose tensor then belongs to the other part. Read, never written.
    case ofPart
    /// An older spelling: read, never written.
    case oldName
    /// A second copy of the parameter, which some files carry: read and compared, not written.
    case tiedCopy
    /// A second copy that the ecosystem's own reader needs: read and compared, and written.
    case writtenCopy
    /// A second copy which the ecosystem's code computes with where the two differ, and which it ties to the first only where it ties the
    /// decoder to the word table: read and compared, and written beside a decoder of its own.
    case prevailingCopy
    /// The parameter's own name, under which the ecosystem's own reader wants a tensor also where the parameter is tied to another: then
    /// that one is written a second time.
    case tiedName

    /// Whether it is the parameter's own tensor.
    public var isName: Bool { self == .name || self == .tiedName }

    var isCopy: Bool { self == .tiedCopy || self == .writtenCopy || self == .prevailingCopy }

    /// Whether the row is written in a model whose decoder has weights of its own, or has none.
    func isWritten(untied: Bool) -> Bool {
      isName || self == .writtenCopy || (untied && self == .prevailingCopy)
    }
  }

  public var canonical: NamePattern
  public var stored: NamePattern
  public var step: Step
  public var role: Role
  /// How many layers a model has whose tensor is called so, nil for any number. Another row then has the name for the others.
  public var layers: ClosedRange<Int>?

  public init(
    _ canonical: String, _ stored: String, _ step: Step = .copy, role: Role = .name,
    layers: ClosedRange<Int>? = nil
  ) {
    self.canonical = NamePattern(canonical)
    self.stored = NamePattern(stored)
    self.step = step
    self.role = role
    self.layers = layers
  }
}

extension [Int] {
  /// The number of elements; nil where it does not fit.
  var multipliedOut: Int? {
    var product = 1
    for size in self {
      let (next, overflows) = product.multipliedReportingOverflow(by: size)
      if overflows { return nil }
      product = next
    }
    return product
  }
}

/// How an ecosystem spells the two tensors of a linear map and of a layer norm (models §1.1).
public struct Spelling: Sendable {
  public var kernel: String
  public var step: Rule.Step
  public var bias: String
  public var scale: String
  public var shift: String
  /// Older spellings of a norm's scale and shift, if there were any.
  public var oldScale: String?
  public var oldShift: String?

  /// TensorFlow 1 variables: kernels are [in, out].
  public static let tensorFlow = Spelling(
    kernel: "/kernel", step: .transpose, bias: "/bias", scale: "/gamma", shift: "/beta")
  /// PyTorch modules: weights are [out, in]; before 2019 a norm's tensors were called as in TensorFlow.
  public static let torch = Spelling(
    kernel: ".weight", step: .copy, bias: ".bias", scale: ".weight", shift: ".bias",
    oldScale: ".gamma", oldShift: ".beta")
  /// Keras variables: kernels are [in, out].
  public static let keras = Spelling(
    kernel: "/kernel:0", step: .transpose, bias: "/bias:0", scale: "/gamma:0", shift: "/beta:0")
  /// Flax parameters: kernels are [in, out].
  public static let flax = Spelling(
    kernel: "/kernel", step: .transpose, bias: "/bias", scale: "/scale", shift: "/bias")

  /// The rows of a linear map `canonical.{weight,bias}`.
  public func linear(_ canonical: String, _ stored: String) -> [Rule] {
    [
      Rule(canonical + ".weight", stored + kernel, step),
      Rule(canonical + ".bias", stored + bias),
    ]
  }

  /// The rows of a layer norm `canonical.{weight,bias}`.
  public func norm(_ canonical: String, _ stored: String) -> [Rule] {
    var rules = [
      Rule(canonical + ".weight", stored + scale), Rule(canonical + ".bias", stored + shift),
    ]
    if let oldScale { rules.append(Rule(canonical + ".weight", stored + oldScale, role: .oldName)) }
    if let oldShift { rules.append(Rule(canonical + ".bias", stored + oldShift, role: .oldName)) }
    return rules
  }
}

extension Rule {
  /// The embedding tables of BERT's relatives under a scope; `word` and `other` are how an ecosystem ends their names.
  static func embeddingTables(
    _ scope: String, word: String = "", other: String = "", tokenTypes: Bool = true
  ) -> [Rule] {
    let tables = [
      Rule("embeddings.word", scope + "word_embeddings" + word),
      Rule("embeddings.position", scope + "position_embeddings" + other),
    ]
    let types = Rule("embeddings.tokenType", scope + "token_type_embeddings" + other)
    return tokenTypes ? tables + [types] : tables
  }

  /// The same rows for tensors that a part may have of its own.
  func ofPart() -> Rule {
    var copy = self
    copy.role = .ofPart
    return copy
  }

  /// The outputs of Google's fine-tuning scripts, [classes, H] already: `run_classifier.py` at the top level, `run_squad.py` under `cls`.
  static let googleFineTuned = [
    Rule("heads.sequence.weight", "output_weights"),
    Rule("heads.sequence.bias", "output_bias"),
    Rule("heads.span.weight", "cls/squad/output_weights"),
    Rule("heads.span.bias", "cls/squad/output_bias"),
  ]
}

extension Spelling {
  /// What stands between the parts of a name.
  private var separator: String { String(kernel.prefix(1)) }

  /// The block of BERT's module, which RoBERTa and ELECTRA took over with its names.
  func bertBlock(_ block: String) -> [Rule] {
    func path(_ parts: String...) -> String { block + parts.joined(separator: separator) }
    return [
      linear("blocks.{b}.attention.query", path("attention", "self", "query")),
      linear("blocks.{b}.attention.key", path("attention", "self", "key")),
      linear("blocks.{b}.attention.value", path("attention", "self", "value")),
      linear("blocks.{b}.attention.output", path("attention", "output", "dense")),
      norm("blocks.{b}.attention.norm", path("attention", "output", "LayerNorm")),
      linear("blocks.{b}.feedForward.up", path("intermediate", "dense")),
      linear("blocks.{b}.feedForward.down", path("output", "dense")),
      norm("blocks.{b}.feedForward.norm", path("output", "LayerNorm")),
    ].flatMap { $0 }
  }

  /// The block of transformers' ALBERT.
  func albertBlock(_ block: String) -> [Rule] {
    func path(_ parts: String...) -> String { block + parts.joined(separator: separator) }
    return [
      linear("blocks.{b}.attention.query", path("attention", "query")),
      linear("blocks.{b}.attention.key", path("attention", "key")),
      linear("blocks.{b}.attention.value", path("attention", "value")),
      linear("blocks.{b}.attention.output", path("attention", "dense")),
      norm("blocks.{b}.attention.norm", path("attention", "LayerNorm")),
      linear("blocks.{b}.feedForward.up", block + "ffn"),
      linear("blocks.{b}.feedForward.down", block + "ffn_output"),
      norm("blocks.{b}.feedForward.norm", block + "full_layer_layer_norm"),
    ].flatMap { $0 }
  }

  /// The block of transformers' DistilBERT.
  func distilbertBlock(_ block: String) -> [Rule] {
    func path(_ parts: String...) -> String { block + parts.joined(separator: separator) }
    return [
      linear("blocks.{b}.attention.query", path("attention", "q_lin")),
      linear("blocks.{b}.attention.key", path("attention", "k_lin")),
      linear("blocks.{b}.attention.value", path("attention", "v_lin")),
      linear("blocks.{b}.attention.output", path("attention", "out_lin")),
      norm("blocks.{b}.attention.norm", block + "sa_layer_norm"),
      linear("blocks.{b}.feedForward.up", path("ffn", "lin1")),
      linear("blocks.{b}.feedForward.down", path("ffn", "lin2")),
      norm("blocks.{b}.feedForward.norm", block + "output_layer_norm"),
    ].flatMap { $0 }
  }

  /// The heads of transformers' RoBERTa and ELECTRA: here the sequence classifier is two layers below `classifier`.
  var unpooledClassifiers: [Rule] {
    linear("heads.sequence.dense", "classifier\(separator)dense")
      + linear("heads.sequence", "classifier\(separator)out_proj")
      + linear("heads.token", "classifier") + linear("heads.span", "qa_outputs")
  }

  /// The heads of transformers' classes; `classifier` is the name of two (see `ParameterReader`).
  var classifiers: [Rule] {
    linear("heads.sequence", "classifier") + linear("heads.token", "classifier")
      + linear("heads.span", "qa_outputs")
  }
}
