import SmithBytes

extension Family {
  /// BERT (Devlin et al. 2018; google-research/bert `modeling.py`; models §3): every depth has a block of its own.
  public static let bert = Family(
    name: "bert",
    parameters: ParameterRow.embeddings(.hidden) + ParameterRow.encoderBlock
      + [ParameterRow.linear("pooler", .hidden, .hidden, part: "pooler")]
      + ParameterRow.maskedLanguageHead
      + ["nsp", "sequence", "token", "span"].map(ParameterRow.classifier),
    dialects: [bertOriginal, bertHuggingFace, bertKeras, bertFlax, bertModelGarden, bertGGUF],
    equalSizes: [.embedding: .hidden],
    classes: bertClasses)

  private static let bertClasses = [
    ModelClass("BertModel", keras: "tf_bert_model"),
    ModelClass("BertForPreTraining", keras: "tf_bert_for_pre_training", parts: ["mlm", "nsp"]),
    ModelClass("BertForMaskedLM", keras: "tf_bert_for_masked_lm", parts: ["mlm"]),
    ModelClass(
      "BertForNextSentencePrediction", keras: "tf_bert_for_next_sentence_prediction", parts: ["nsp"]
    ),
    ModelClass(
      "BertForSequenceClassification", keras: "tf_bert_for_sequence_classification",
      parts: ["sequence"]),
    ModelClass(
      "BertForTokenClassification", keras: "tf_bert_for_token_classification", parts: ["token"]),
    ModelClass(
      "BertForQuestionAnswering", keras: "tf_bert_for_question_answering", parts: ["span"]),
  ]

  private static let bertOriginal: Dialect = {
    let spell = Spelling.tensorFlow
    return Dialect(
      name: .original,
      rules: [
        Rule.embeddingTables("bert/embeddings/"),
        spell.norm("embeddings.norm", "bert/embeddings/LayerNorm"),
        spell.bertBlock("bert/encoder/layer_{b}/"),
        spell.linear("pooler", "bert/pooler/dense"),
        spell.linear("heads.mlm.dense", "cls/predictions/transform/dense"),
        spell.norm("heads.mlm.norm", "cls/predictions/transform/LayerNorm"),
        [
          Rule("heads.mlm.bias", "cls/predictions/output_bias"),
          Rule("heads.nsp.weight", "cls/seq_relationship/output_weights"),
          Rule("heads.nsp.bias", "cls/seq_relationship/output_bias"),
        ],
        Rule.googleFineTuned,
      ],
      ignored: Dialect.Ignored.tensorFlowTraining,
      wrappers: ["", "module/"],
      schedule: .sequential,
      configuration: .bertOriginal)
  }()

  private static let bertHuggingFace: Dialect = {
    let spell = Spelling.torch
    return Dialect(
      name: .hf,
      rules: [
        Rule.embeddingTables("bert.embeddings.", word: ".weight", other: ".weight"),
        spell.norm("embeddings.norm", "bert.embeddings.LayerNorm"),
        spell.bertBlock("bert.encoder.layer.{b}."),
        spell.linear("pooler", "bert.pooler.dense"),
        spell.linear("heads.mlm.dense", "cls.predictions.transform.dense"),
        spell.norm("heads.mlm.norm", "cls.predictions.transform.LayerNorm"),
        [
          Rule("heads.mlm.bias", "cls.predictions.bias"),
          Rule("heads.mlm.bias", "cls.predictions.decoder.bias", role: .prevailingCopy),
          Rule("heads.mlm.decoder.weight", "cls.predictions.decoder.weight"),
        ],
        spell.linear("heads.nsp", "cls.seq_relationship"),
        spell.classifiers,
      ],
      ignored: Dialect.Ignored.torchBuffers,
      wrappers: ["", "module.", "_orig_mod."], scope: "bert.", otherScopes: [""],
      schedule: .sequential,
      configuration: .bertHuggingFace)
  }()

  private static let bertKeras: Dialect = {
    let spell = Spelling.keras
    return Dialect(
      name: .keras,
      rules: [
        Rule.embeddingTables("bert/embeddings/", word: "/weight:0", other: "/embeddings:0"),
        spell.norm("embeddings.norm", "bert/embeddings/LayerNorm"),
        spell.bertBlock("bert/encoder/layer_._{b}/"),
        spell.linear("pooler", "bert/pooler/dense"),
        spell.linear("heads.mlm.dense", "mlm___cls/predictions/transform/dense"),
        spell.norm("heads.mlm.norm", "mlm___cls/predictions/transform/LayerNorm"),
        [Rule("heads.mlm.bias", "mlm___cls/predictions/bias:0")],
        spell.linear("heads.nsp", "nsp___cls/seq_relationship"),
        spell.classifiers,
      ],
      ignored: [],
      normalise: KerasNames.normalise,
      decorate: { name, parts in
        let modelClass = Family.bert.modelClass(for: parts)?.keras ?? "tf_bert_model"
        return KerasNames.decorate(name, modelClass: modelClass)
      },
      schedule: .sequential,
      configuration: .bertHuggingFace)
  }()

  private static let bertFlax: Dialect = {
    let spell = Spelling.flax
    return Dialect(
      name: .flax,
      rules: [
        Rule.embeddingTables("bert/embeddings/", word: "/embedding", other: "/embedding"),
        spell.norm("embeddings.norm", "bert/embeddings/LayerNorm"),
        spell.bertBlock("bert/encoder/layer/{b}/"),
        spell.linear("pooler", "bert/pooler/dense"),
        spell.linear("heads.mlm.dense", "cls/predictions/transform/dense"),
        spell.norm("heads.mlm.norm", "cls/predictions/transform/LayerNorm"),
        [
          Rule("heads.mlm.bias", "cls/predictions/bias"),
          Rule("heads.mlm.decoder.weight", "cls/predictions/decoder/kernel", .transpose),
        ],
        spell.linear("heads.nsp", "cls/seq_relationship"),
        spell.classifiers,
      ],
      ignored: Dialect.Ignored.flaxTraining,
      wrappers: ["", "params/"], scope: "bert/", otherScopes: [""],
      schedule: .sequential,
      configuration: .bertHuggingFace)
  }()
}

extension ConfigurationDialect {
  static let bertSizes: [(size: Size, key: String)] = [
    (.hidden, "hidden_size"), (.intermediate, "intermediate_size"),
    (.positions, "max_position_embeddings"), (.heads, "num_attention_heads"),
    (.layers, "num_hidden_layers"), (.tokenTypes, "type_vocab_size"), (.vocabulary, "vocab_size"),
  ]

  /// `bert_config.json`. The class default of `type_vocab_size` is 16, every published file says 2 (models §3).
  static let bertOriginal = ConfigurationDialect(
    fileNames: ["bert_config.json"], sizeKeys: bertSizes, activations: googleActivations,
    defaults: [
      "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
      "intermediate_size": 3072, "hidden_act": "gelu", "max_position_embeddings": 512,
      "type_vocab_size": 16,
    ],
    maskValue: .additive(-10000),
    carriedKeys: [
      "attention_probs_dropout_prob", "hidden_dropout_prob", "initializer_range", "directionality",
      "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers",
      "pooler_size_per_head", "pooler_type",
    ])

  /// `config.json` of transformers' BertConfig.
  static let bertHuggingFace = ConfigurationDialect(
    fileNames: ["config.json"], sizeKeys: bertSizes, activations: huggingFaceActivations,
    defaults: [
      "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
      "intermediate_size": 3072, "hidden_act": "gelu", "max_position_embeddings": 512,
      "type_vocab_size": 2, "vocab_size": 30522,
    ],
    epsilonKey: "layer_norm_eps", maskValue: .lowestFinite,
    carriedKeys: [
      "attention_probs_dropout_prob", "hidden_dropout_prob", "initializer_range",
      "classifier_dropout", "pad_token_id", "id2label", "label2id", "problem_type",
    ],
    constants: ["model_type": "bert"], namesArchitecture: true)
}
