import SmithBytes

extension Family {
  /// DistilBERT (Sanh et al. 2019; transformers `modeling_distilbert.py`; models §5): BERT's blocks under other names, without token
  /// types and pooler.
  public static let distilbert = Family(
    name: "distilbert",
    parameters: ParameterRow.embeddings(.hidden, tokenTypes: false) + ParameterRow.encoderBlock
      + ParameterRow.maskedLanguageHead
      + [ParameterRow.hiddenLayer("sequence")]
      + ["sequence", "token", "span"].map(ParameterRow.classifier),
    dialects: [distilbertHuggingFace, distilbertKeras, distilbertFlax],
    equalSizes: [.embedding: .hidden],
    classes: distilbertClasses,
    heads: EncoderHead.unpooled(sequence: .relu))

  private static let distilbertClasses = [
    ModelClass("DistilBertModel", keras: "tf_distil_bert_model"),
    ModelClass("DistilBertForMaskedLM", keras: "tf_distil_bert_for_masked_lm", parts: ["mlm"]),
    ModelClass(
      "DistilBertForSequenceClassification", keras: "tf_distil_bert_for_sequence_classification",
      parts: ["sequence"]),
    ModelClass(
      "DistilBertForTokenClassification", keras: "tf_distil_bert_for_token_classification",
      parts: ["token"]),
    ModelClass(
      "DistilBertForQuestionAnswering", keras: "tf_distil_bert_for_question_answering",
      parts: ["span"]),
  ]

  /// The heads' names in all forms of transformers; `classifier` is the name of two.
  private static func distilbertHeads(_ spell: Spelling) -> [Rule] {
    spell.linear("heads.mlm.dense", "vocab_transform")
      + spell.norm("heads.mlm.norm", "vocab_layer_norm")
      + spell.linear("heads.sequence.dense", "pre_classifier") + spell.classifiers
  }

  private static let distilbertHuggingFace: Dialect = {
    let spell = Spelling.torch
    return Dialect(
      name: .hf,
      rules: [
        Rule.embeddingTables(
          "distilbert.embeddings.", word: ".weight", other: ".weight", tokenTypes: false),
        spell.norm("embeddings.norm", "distilbert.embeddings.LayerNorm"),
        spell.distilbertBlock("distilbert.transformer.layer.{b}."),
        distilbertHeads(spell),
        [
          Rule("heads.mlm.bias", "vocab_projector.bias"),
          Rule("heads.mlm.decoder.weight", "vocab_projector.weight"),
        ],
      ],
      ignored: Dialect.Ignored.torchBuffers,
      wrappers: ["", "module.", "_orig_mod."], scope: "distilbert.", otherScopes: [""],
      schedule: .sequential,
      configuration: .distilbertHuggingFace)
  }()

  private static let distilbertKeras: Dialect = {
    let spell = Spelling.keras
    return Dialect(
      name: .keras,
      rules: [
        Rule.embeddingTables(
          "distilbert/embeddings/", word: "/weight:0", other: "/embeddings:0", tokenTypes: false),
        spell.norm("embeddings.norm", "distilbert/embeddings/LayerNorm"),
        spell.distilbertBlock("distilbert/transformer/layer_._{b}/"),
        distilbertHeads(spell),
        [Rule("heads.mlm.bias", "vocab_projector/bias:0")],
      ],
      ignored: [],
      normalise: KerasNames.normalise,
      decorate: { name, parts in
        let modelClass = Family.distilbert.modelClass(for: parts)?.keras ?? "tf_distil_bert_model"
        return KerasNames.decorate(name, modelClass: modelClass)
      },
      schedule: .sequential,
      configuration: .distilbertHuggingFace)
  }()

  private static let distilbertFlax: Dialect = {
    let spell = Spelling.flax
    return Dialect(
      name: .flax,
      rules: [
        Rule.embeddingTables(
          "distilbert/embeddings/", word: "/embedding", other: "/embedding", tokenTypes: false),
        spell.norm("embeddings.norm", "distilbert/embeddings/LayerNorm"),
        spell.distilbertBlock("distilbert/transformer/layer/{b}/"),
        distilbertHeads(spell),
        [
          Rule("heads.mlm.bias", "vocab_projector/bias"),
          Rule("heads.mlm.decoder.weight", "vocab_projector/kernel", .transpose),
        ],
      ],
      ignored: Dialect.Ignored.flaxTraining,
      wrappers: ["", "params/"], scope: "distilbert/", otherScopes: [""],
      schedule: .sequential,
      configuration: .distilbertFlax)
  }()
}

extension ConfigurationDialect {
  /// `config.json` of transformers' DistilBertConfig, whose code fixes the epsilon at 1e-12. A sinusoidal position table is stored like
  /// any other (models §5), so `sinusoidal_pos_embds` changes nothing.
  static let distilbertHuggingFace = ConfigurationDialect(
    fileNames: ["config.json"],
    sizeKeys: [
      (.hidden, "dim"), (.intermediate, "hidden_dim"), (.positions, "max_position_embeddings"),
      (.heads, "n_heads"), (.layers, "n_layers"), (.vocabulary, "vocab_size"),
    ],
    activations: huggingFaceActivations,
    defaults: [
      "dim": 768, "n_layers": 6, "n_heads": 12, "hidden_dim": 3072, "activation": "gelu",
      "max_position_embeddings": 512, "vocab_size": 30522,
    ],
    maskValue: .lowestFinite,
    carriedKeys: [
      "attention_dropout", "dropout", "initializer_range", "pad_token_id", "qa_dropout",
      "seq_classif_dropout", "sinusoidal_pos_embds", "id2label", "label2id", "problem_type",
    ],
    constants: ["model_type": "distilbert"], namesArchitecture: true
  ).with { $0.activationKey = "activation" }

  /// Flax's class computes the table where the setting says that it is sinusoidal, and leaves the stored one aside.
  static let distilbertFlax = distilbertHuggingFace.with {
    $0.carriedKeys.removeAll { $0 == "sinusoidal_pos_embds" }
    $0.constants["sinusoidal_pos_embds"] = false
  }
}
