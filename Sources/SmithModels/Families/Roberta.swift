import SmithBytes

extension Family {
  /// RoBERTa (Liu et al. 2019; transformers `modeling_roberta.py`; models §4), and XLM-R and CamemBERT, which are the same with other
  /// vocabularies: BERT's encoder with positions that count from the padding token on. The masked-language head's gelu is the exact one
  /// whatever the configuration says.
  public static let roberta = Family(
    name: "roberta",
    parameters: ParameterRow.embeddings(.hidden, neutralTypes: .zeros) + ParameterRow.encoderBlock
      + [ParameterRow.linear("pooler", .hidden, .hidden, part: "pooler")]
      + ParameterRow.maskedLanguageHead
      + [ParameterRow.hiddenLayer("sequence")]
      + ["sequence", "token", "span"].map(ParameterRow.classifier),
    dialects: [robertaHuggingFace, robertaKeras, robertaFlax, robertaFairseq],
    equalSizes: [.embedding: .hidden],
    classes: robertaClasses,
    heads: EncoderHead.unpooled(sequence: .tanh, maskedLanguage: .fixed(.gelu)),
    variants: ["xlm-roberta": "XLMRoberta", "camembert": "Camembert"])

  private static let robertaClasses = [
    ModelClass("RobertaModel", keras: "tf_roberta_model"),
    ModelClass("RobertaForMaskedLM", keras: "tf_roberta_for_masked_lm", parts: ["mlm"]),
    ModelClass(
      "RobertaForSequenceClassification", keras: "tf_roberta_for_sequence_classification",
      parts: ["sequence"]),
    ModelClass(
      "RobertaForTokenClassification", keras: "tf_roberta_for_token_classification",
      parts: ["token"]),
    ModelClass(
      "RobertaForQuestionAnswering", keras: "tf_roberta_for_question_answering", parts: ["span"]),
  ]

  private static let robertaHuggingFace: Dialect = {
    let spell = Spelling.torch
    return Dialect(
      name: .hf,
      rules: [
        Rule.embeddingTables("roberta.embeddings.", word: ".weight", other: ".weight"),
        spell.norm("embeddings.norm", "roberta.embeddings.LayerNorm"),
        spell.bertBlock("roberta.encoder.layer.{b}."),
        spell.linear("pooler", "roberta.pooler.dense"),
        spell.linear("heads.mlm.dense", "lm_head.dense"),
        spell.norm("heads.mlm.norm", "lm_head.layer_norm"),
        [
          Rule("heads.mlm.bias", "lm_head.bias"),
          Rule("heads.mlm.bias", "lm_head.decoder.bias", role: .prevailingCopy),
          Rule("heads.mlm.decoder.weight", "lm_head.decoder.weight"),
        ],
        spell.unpooledClassifiers,
      ],
      ignored: Dialect.Ignored.torchBuffers,
      wrappers: ["", "module.", "_orig_mod."], scope: "roberta.", otherScopes: [""],
      schedule: .sequential,
      configuration: .robertaHuggingFace)
  }()

  private static let robertaKeras: Dialect = {
    let spell = Spelling.keras
    return Dialect(
      name: .keras,
      rules: [
        Rule.embeddingTables("roberta/embeddings/", word: "/weight:0", other: "/embeddings:0"),
        spell.norm("embeddings.norm", "roberta/embeddings/LayerNorm"),
        spell.bertBlock("roberta/encoder/layer_._{b}/"),
        spell.linear("pooler", "roberta/pooler/dense"),
        spell.linear("heads.mlm.dense", "lm_head/dense"),
        spell.norm("heads.mlm.norm", "lm_head/layer_norm"),
        [Rule("heads.mlm.bias", "lm_head/bias:0")],
        spell.unpooledClassifiers,
      ],
      ignored: [],
      normalise: KerasNames.normalise,
      decorate: { name, parts in
        let modelClass = Family.roberta.modelClass(for: parts)?.keras ?? "tf_roberta_model"
        return KerasNames.decorate(name, modelClass: modelClass)
      },
      schedule: .sequential,
      configuration: .robertaHuggingFace)
  }()

  private static let robertaFlax: Dialect = {
    let spell = Spelling.flax
    return Dialect(
      name: .flax,
      rules: [
        Rule.embeddingTables("roberta/embeddings/", word: "/embedding", other: "/embedding"),
        spell.norm("embeddings.norm", "roberta/embeddings/LayerNorm"),
        spell.bertBlock("roberta/encoder/layer/{b}/"),
        spell.linear("pooler", "roberta/pooler/dense"),
        spell.linear("heads.mlm.dense", "lm_head/dense"),
        spell.norm("heads.mlm.norm", "lm_head/layer_norm"),
        [
          Rule("heads.mlm.bias", "lm_head/bias"),
          Rule("heads.mlm.decoder.weight", "lm_head/decoder/kernel", .transpose),
        ],
        spell.unpooledClassifiers,
      ],
      ignored: Dialect.Ignored.flaxTraining,
      wrappers: ["", "params/"], scope: "roberta/", otherScopes: [""],
      schedule: .sequential,
      configuration: .robertaHuggingFace)
  }()
}

extension ConfigurationDialect {
  /// `config.json` of transformers' RobertaConfig. The class's epsilon is BERT's, published files say 1e-5, and files lack the key where
  /// it is the class's (models §1.5).
  static let robertaHuggingFace = ConfigurationDialect(
    fileNames: ["config.json"],
    sizeKeys: [
      (.hidden, "hidden_size"), (.intermediate, "intermediate_size"),
      (.positions, "max_position_embeddings"), (.heads, "num_attention_heads"),
      (.layers, "num_hidden_layers"), (.tokenTypes, "type_vocab_size"), (.vocabulary, "vocab_size"),
    ],
    activations: huggingFaceActivations,
    defaults: [
      "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
      "intermediate_size": 3072, "hidden_act": "gelu", "max_position_embeddings": 512,
      "type_vocab_size": 2, "vocab_size": 50265, "pad_token_id": 1,
    ],
    epsilonKey: "layer_norm_eps", maskValue: .lowestFinite,
    carriedKeys: [
      "attention_probs_dropout_prob", "hidden_dropout_prob", "initializer_range",
      "classifier_dropout", "bos_token_id", "eos_token_id", "id2label", "label2id", "problem_type",
      headNameKey,
    ],
    constants: ["model_type": "roberta"], namesArchitecture: true
  ).with {
    $0.otherEpsilon = 1e-5
    $0.paddingKey = "pad_token_id"
  }
}
