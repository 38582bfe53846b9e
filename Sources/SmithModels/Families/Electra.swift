import SmithBytes

extension Family {
  /// ELECTRA (Clark et al. 2020; google-research/electra; models §6): BERT's encoder with ALBERT's embeddings, whose norm comes before the
  /// map to the hidden width, and without pooler. The original keeps two models in one checkpoint, which share their embeddings.
  public static let electra = Family(
    name: "electra",
    parameters: ParameterRow.embeddings(.embedding)
      + [ParameterRow.embeddingMap]
      + ParameterRow.encoderBlock
      + ParameterRow.maskedLanguageHead
      + [discriminatorHead, ParameterRow.hiddenLayer("sequence")]
      + ["sequence", "token", "span"].map(ParameterRow.classifier),
    dialects: [
      electraDiscriminator, electraGenerator, electraHuggingFace, electraKeras, electraFlax,
    ],
    classes: electraClasses,
    heads: EncoderHead.unpooled(sequence: .gelu, maskedLanguage: .fixed(.gelu)) + [discriminator])

  /// Whether the generator replaced a token: a logit above 0 says so.
  private static let discriminator = EncoderHead(
    "discriminator", on: .everyToken, hidden: .ofModel)

  private static let discriminatorHead =
    ParameterRow.hiddenLayer("discriminator") + [
      ParameterRow(
        "heads.discriminator.weight", [.exactly(1), .size(.hidden)], part: "discriminator"),
      ParameterRow("heads.discriminator.bias", [.exactly(1)], part: "discriminator"),
    ]

  private static let electraClasses = [
    ModelClass("ElectraModel", keras: "tf_electra_model"),
    ModelClass(
      "ElectraForPreTraining", keras: "tf_electra_for_pre_training", parts: ["discriminator"]),
    ModelClass("ElectraForMaskedLM", keras: "tf_electra_for_masked_lm", parts: ["mlm"]),
    ModelClass(
      "ElectraForSequenceClassification", keras: "tf_electra_for_sequence_classification",
      parts: ["sequence"]),
    ModelClass(
      "ElectraForTokenClassification", keras: "tf_electra_for_token_classification",
      parts: ["token"]),
    ModelClass(
      "ElectraForQuestionAnswering", keras: "tf_electra_for_question_answering", parts: ["span"]),
  ]

  /// Google's code takes the configured activation in both heads; transformers fixes the generator's.
  private static let electraOriginalHeads = [EncoderHead.maskedLanguage(), discriminator]

  /// transformers' Flax class takes the configured activation in the generator's head, unlike those of PyTorch and TensorFlow.
  private static let electraFlaxHeads = EncoderHead.unpooled(sequence: .gelu) + [discriminator]

  private static func electraOriginal(
    _ part: String, scope: String, rules: [[Rule]], others: [Dialect.Ignored],
    _ configuration: ConfigurationDialect
  ) -> Dialect {
    let spell = Spelling.tensorFlow
    return Dialect(
      name: .original, part: part,
      rules: [
        electraEmbeddings("electra/embeddings/"),
        spell.linear("embeddings.projection", scope + "embeddings_project"),
        spell.bertBlock(scope + "encoder/layer_{b}/"),
      ] + rules,
      ignored: Dialect.Ignored.tensorFlowTraining + others + [
        Dialect.Ignored(
          .beginning("task_specific/"), because: "a fine-tuned task's single layer, no counterpart")
      ],
      wrappers: ["", "module/"],
      schedule: .sequential,
      configuration: configuration, heads: electraOriginalHeads)
  }

  private static func electraEmbeddings(_ scope: String) -> [Rule] {
    Rule.embeddingTables(scope) + Spelling.tensorFlow.norm("embeddings.norm", scope + "LayerNorm")
  }

  private static let electraDiscriminator = electraOriginal(
    "discriminator", scope: "electra/",
    rules: [
      Spelling.tensorFlow.linear(
        "heads.discriminator.dense", "discriminator_predictions/dense"),
      Spelling.tensorFlow.linear("heads.discriminator", "discriminator_predictions/dense_1"),
    ],
    others: Dialect.Ignored.otherPart("generator/", "generator_predictions/"),
    .electraDiscriminator)

  /// The embeddings are the discriminator's, but for `untied_generator_embeddings`.
  private static let electraGenerator = electraOriginal(
    "generator", scope: "generator/",
    rules: [
      electraEmbeddings("generator/embeddings/").map { $0.ofPart() },
      Spelling.tensorFlow.linear("heads.mlm.dense", "generator_predictions/dense"),
      Spelling.tensorFlow.norm("heads.mlm.norm", "generator_predictions/LayerNorm"),
      [Rule("heads.mlm.bias", "generator_predictions/output_bias")],
    ],
    others: Dialect.Ignored.otherPart(
      "electra/encoder/", "electra/embeddings_project/", "discriminator_predictions/"),
    .electraGenerator)

  /// The heads' names in all forms of transformers.
  private static func electraHeads(_ spell: Spelling, _ separator: String) -> [Rule] {
    [
      spell.linear("heads.mlm.dense", "generator_predictions\(separator)dense"),
      spell.norm("heads.mlm.norm", "generator_predictions\(separator)LayerNorm"),
      spell.linear("heads.discriminator.dense", "discriminator_predictions\(separator)dense"),
      spell.linear(
        "heads.discriminator", "discriminator_predictions\(separator)dense_prediction"),
      spell.unpooledClassifiers,
    ].flatMap { $0 }
  }

  private static let electraHuggingFace: Dialect = {
    let spell = Spelling.torch
    return Dialect(
      name: .hf,
      rules: [
        Rule.embeddingTables("electra.embeddings.", word: ".weight", other: ".weight"),
        spell.norm("embeddings.norm", "electra.embeddings.LayerNorm"),
        spell.linear("embeddings.projection", "electra.embeddings_project"),
        spell.bertBlock("electra.encoder.layer.{b}."),
        electraHeads(spell, "."),
        [
          Rule("heads.mlm.bias", "generator_lm_head.bias"),
          Rule("heads.mlm.decoder.weight", "generator_lm_head.weight"),
        ],
      ],
      ignored: Dialect.Ignored.torchBuffers,
      wrappers: ["", "module.", "_orig_mod."], scope: "electra.", otherScopes: [""],
      schedule: .sequential,
      configuration: .electraHuggingFace)
  }()

  private static let electraKeras: Dialect = {
    let spell = Spelling.keras
    return Dialect(
      name: .keras,
      rules: [
        Rule.embeddingTables("electra/embeddings/", word: "/weight:0", other: "/embeddings:0"),
        spell.norm("embeddings.norm", "electra/embeddings/LayerNorm"),
        spell.linear("embeddings.projection", "electra/embeddings_project"),
        spell.bertBlock("electra/encoder/layer_._{b}/"),
        electraHeads(spell, "/"),
        [Rule("heads.mlm.bias", "generator_lm_head/bias:0")],
      ],
      ignored: [],
      normalise: KerasNames.normalise,
      decorate: { name, parts in
        let modelClass = Family.electra.modelClass(for: parts)?.keras ?? "tf_electra_model"
        return KerasNames.decorate(name, modelClass: modelClass)
      },
      schedule: .sequential,
      configuration: .electraHuggingFace)
  }()

  private static let electraFlax: Dialect = {
    let spell = Spelling.flax
    return Dialect(
      name: .flax,
      rules: [
        Rule.embeddingTables("electra/embeddings/", word: "/embedding", other: "/embedding"),
        spell.norm("embeddings.norm", "electra/embeddings/LayerNorm"),
        spell.linear("embeddings.projection", "electra/embeddings_project"),
        spell.bertBlock("electra/encoder/layer/{b}/"),
        electraHeads(spell, "/"),
        [
          Rule("heads.mlm.bias", "generator_lm_head/bias"),
          Rule("heads.mlm.decoder.weight", "generator_lm_head/kernel", .transpose),
        ],
      ],
      ignored: Dialect.Ignored.flaxTraining,
      wrappers: ["", "params/"], scope: "electra/", otherScopes: [""],
      schedule: .sequential,
      configuration: .electraHuggingFace, heads: electraFlaxHeads)
  }()
}

extension ConfigurationDialect {
  private static let electraSizes: [(size: Size, key: String)] = [
    (.embedding, "embedding_size"), (.hidden, "hidden_size"),
    (.intermediate, "intermediate_size"), (.positions, "max_position_embeddings"),
    (.heads, "num_attention_heads"), (.layers, "num_hidden_layers"),
    (.tokenTypes, "type_vocab_size"), (.vocabulary, "vocab_size"),
  ]

  /// Google's hyperparameters, which its releases come without: the code makes heads of 64 and takes the exact gelu. What is no setting
  /// of pre-training itself stands in `model_hparam_overrides`.
  private static func electraOriginal(_ nests: [Nest]) -> ConfigurationDialect {
    ConfigurationDialect(
      fileNames: ["electra_hparams.json"], sizeKeys: electraSizes,
      activations: [
        ("gelu", .gelu), ("relu", .relu), ("tanh", .tanh), ("linear", .linear),
      ],
      defaults: [
        "hidden_act": "gelu", "max_position_embeddings": 512, "type_vocab_size": 2,
        "vocab_size": 30522,
      ],
      maskValue: .additive(-10000),
      carriedKeys: ["attention_probs_dropout_prob", "hidden_dropout_prob", "initializer_range"]
    ).with {
      $0.nests = nests
      $0.outerKeys = ["embedding_size", "vocab_size"]
      $0.headWidth = 64
      $0.isOptional = true
    }
  }

  static let electraDiscriminator = electraOriginal([
    Nest("model_hparam_overrides"), Nest("discriminator"),
  ])

  /// The code derives the generator's sizes from the discriminator's.
  static let electraGenerator = electraOriginal([
    Nest("generator"),
    Nest(
      "model_hparam_overrides",
      without: [
        "hidden_size", "num_hidden_layers", "intermediate_size", "num_attention_heads",
      ]),
  ])

  /// `config.json` of transformers' ElectraConfig.
  static let electraHuggingFace = ConfigurationDialect(
    fileNames: ["config.json"], sizeKeys: electraSizes, activations: huggingFaceActivations,
    defaults: [
      "embedding_size": 128, "hidden_size": 256, "num_hidden_layers": 12,
      "num_attention_heads": 4, "intermediate_size": 1024, "hidden_act": "gelu",
      "max_position_embeddings": 512, "type_vocab_size": 2, "vocab_size": 30522,
    ],
    epsilonKey: "layer_norm_eps", maskValue: .lowestFinite,
    carriedKeys: [
      "attention_probs_dropout_prob", "hidden_dropout_prob", "initializer_range",
      "classifier_dropout", "pad_token_id", "summary_activation", "summary_last_dropout",
      "summary_type", "summary_use_proj", "id2label", "label2id", "problem_type",
    ],
    constants: ["model_type": "electra"], namesArchitecture: true)
}
