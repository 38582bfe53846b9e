import SmithBytes

extension Family {
  /// ALBERT v1 and v2 (Lan et al. 2019; google-research/albert `modeling.py`; models §2): embeddings of width E mapped to H, and G·K
  /// distinct blocks drawn on L·K times.
  public static let albert = Family(
    name: "albert",
    parameters: ParameterRow.embeddings(.embedding)
      + [ParameterRow.embeddingMap]
      + ParameterRow.encoderBlock
      + [ParameterRow.linear("pooler", .hidden, .hidden, part: "pooler")]
      + ParameterRow.maskedLanguageHead
      + ["sop", "sequence", "token", "span"].map(ParameterRow.classifier),
    dialects: [
      albertOriginal, albertGoogleFast, albertHuggingFace, albertKeras, albertFlax,
    ],
    demanded: [.hf: ["projection"], .keras: ["projection"], .flax: ["projection"]],
    classes: albertClasses)

  private static let albertClasses = [
    ModelClass("AlbertModel", keras: "tf_albert_model"),
    ModelClass("AlbertForPreTraining", keras: "tf_albert_for_pre_training", parts: ["mlm", "sop"]),
    ModelClass("AlbertForMaskedLM", keras: "tf_albert_for_masked_lm", parts: ["mlm"]),
    ModelClass(
      "AlbertForSequenceClassification", keras: "tf_albert_for_sequence_classification",
      parts: ["sequence"]),
    ModelClass(
      "AlbertForTokenClassification", keras: "tf_albert_for_token_classification", parts: ["token"]),
    ModelClass(
      "AlbertForQuestionAnswering", keras: "tf_albert_for_question_answering", parts: ["span"]),
  ]

  /// Google's variables, also with the `module/` of TF-Hub in front. `LayerNorm` stands under the inner group, not under `attention_1`;
  /// the second dense map is nested in `intermediate`.
  private static let albertOriginal: Dialect = {
    let spell = Spelling.tensorFlow
    let block = "bert/encoder/transformer/group_{g}/inner_group_{k}/"
    return Dialect(
      name: .original,
      rules: [
        Rule.embeddingTables("bert/embeddings/"),
        spell.norm("embeddings.norm", "bert/embeddings/LayerNorm"),
        spell.linear("embeddings.projection", "bert/encoder/embedding_hidden_mapping_in"),
        spell.linear("blocks.{b}.attention.query", block + "attention_1/self/query"),
        spell.linear("blocks.{b}.attention.key", block + "attention_1/self/key"),
        spell.linear("blocks.{b}.attention.value", block + "attention_1/self/value"),
        spell.linear("blocks.{b}.attention.output", block + "attention_1/output/dense"),
        spell.norm("blocks.{b}.attention.norm", block + "LayerNorm"),
        spell.linear("blocks.{b}.feedForward.up", block + "ffn_1/intermediate/dense"),
        spell.linear("blocks.{b}.feedForward.down", block + "ffn_1/intermediate/output/dense"),
        spell.norm("blocks.{b}.feedForward.norm", block + "LayerNorm_1"),
        spell.linear("pooler", "bert/pooler/dense"),
        spell.linear("heads.mlm.dense", "cls/predictions/transform/dense"),
        spell.norm("heads.mlm.norm", "cls/predictions/transform/LayerNorm"),
        [
          Rule("heads.mlm.bias", "cls/predictions/output_bias"),
          Rule("heads.sop.weight", "cls/seq_relationship/output_weights"),
          Rule("heads.sop.bias", "cls/seq_relationship/output_bias"),
        ],
        Rule.googleFineTuned,
      ],
      ignored: Dialect.Ignored.tensorFlowTraining + [
        Dialect.Ignored(.beginning("start_logits/"), because: "SQuAD v2 head, no counterpart"),
        Dialect.Ignored(.beginning("end_logits/"), because: "SQuAD v2 head, no counterpart"),
        Dialect.Ignored(.beginning("answer_class/"), because: "SQuAD v2 head, no counterpart"),
      ],
      wrappers: ["", "module/"],
      schedule: .albertOriginal,
      configuration: .albertOriginal)
  }()

  /// albert_zh `modeling_google_fast.py` (models §2.5): Google's names over feed-forward kernels in groups. Its configurations count groups
  /// that never run, and it knows `swish`.
  private static let albertGoogleFast: Dialect = {
    var dialect = albertOriginal
    dialect.name = .googleFast
    for index in dialect.rules.indices
    where ["blocks.{b}.feedForward.up.weight", "blocks.{b}.feedForward.down.weight"].contains(
      dialect.rules[index].canonical.text)
    {
      dialect.rules[index].step = .ungroup
    }
    return dialect
  }()

  private static let albertHuggingFace: Dialect = {
    let spell = Spelling.torch
    return Dialect(
      name: .hf,
      rules: [
        Rule.embeddingTables("albert.embeddings.", word: ".weight", other: ".weight"),
        spell.norm("embeddings.norm", "albert.embeddings.LayerNorm"),
        spell.linear("embeddings.projection", "albert.encoder.embedding_hidden_mapping_in"),
        spell.albertBlock("albert.encoder.albert_layer_groups.{g}.albert_layers.{k}."),
        spell.linear("pooler", "albert.pooler"),
        spell.linear("heads.mlm.dense", "predictions.dense"),
        spell.norm("heads.mlm.norm", "predictions.LayerNorm"),
        [
          Rule("heads.mlm.bias", "predictions.bias"),
          Rule("heads.mlm.bias", "predictions.decoder.bias", role: .prevailingCopy),
          Rule("heads.mlm.decoder.weight", "predictions.decoder.weight"),
        ],
        spell.linear("heads.sop", "sop_classifier.classifier"),
        spell.classifiers,
      ],
      ignored: Dialect.Ignored.torchBuffers,
      wrappers: ["", "module.", "_orig_mod."], scope: "albert.", otherScopes: [""],
      schedule: .albertHuggingFace,
      configuration: .albertHuggingFace)
  }()

  /// TFAlbert*: the head has two biases and adds `decoder/bias` (models §1.3.5).
  private static let albertKeras: Dialect = {
    let spell = Spelling.keras
    return Dialect(
      name: .keras,
      rules: [
        Rule.embeddingTables("albert/embeddings/", word: "/weight:0", other: "/embeddings:0"),
        spell.norm("embeddings.norm", "albert/embeddings/LayerNorm"),
        spell.linear("embeddings.projection", "albert/encoder/embedding_hidden_mapping_in"),
        spell.albertBlock("albert/encoder/albert_layer_groups_._{g}/albert_layers_._{k}/"),
        spell.linear("pooler", "albert/pooler"),
        spell.linear("heads.mlm.dense", "predictions/dense"),
        spell.norm("heads.mlm.norm", "predictions/LayerNorm"),
        [
          Rule("heads.mlm.bias", "predictions/decoder/bias:0"),
          Rule("heads.mlm.bias", "predictions/bias:0", role: .writtenCopy),
        ],
        spell.linear("heads.sop", "sop_classifier/classifier"),
        spell.classifiers,
      ],
      ignored: [],
      normalise: KerasNames.normalise,
      decorate: { name, parts in
        let modelClass = Family.albert.modelClass(for: parts)?.keras ?? "tf_albert_model"
        return KerasNames.decorate(name, modelClass: modelClass)
      },
      schedule: .albertHuggingFace,
      configuration: .albertHuggingFace)
  }()

  private static let albertFlax: Dialect = {
    let spell = Spelling.flax
    return Dialect(
      name: .flax,
      rules: [
        Rule.embeddingTables("albert/embeddings/", word: "/embedding", other: "/embedding"),
        spell.norm("embeddings.norm", "albert/embeddings/LayerNorm"),
        spell.linear("embeddings.projection", "albert/encoder/embedding_hidden_mapping_in"),
        spell.albertBlock("albert/encoder/albert_layer_groups/{g}/albert_layers/{k}/"),
        spell.linear("pooler", "albert/pooler"),
        spell.linear("heads.mlm.dense", "predictions/dense"),
        spell.norm("heads.mlm.norm", "predictions/LayerNorm"),
        [
          Rule("heads.mlm.bias", "predictions/bias"),
          Rule("heads.mlm.decoder.weight", "predictions/decoder/kernel", .transpose),
        ],
        spell.linear("heads.sop", "sop_classifier/classifier"),
        spell.classifiers,
      ],
      ignored: Dialect.Ignored.flaxTraining,
      wrappers: ["", "params/"], scope: "albert/", otherScopes: [""],
      schedule: .albertHuggingFace,
      configuration: .albertHuggingFace)
  }()
}

extension ConfigurationDialect {
  private static let albertSizes: [(size: Size, key: String)] = [
    (.embedding, "embedding_size"), (.hidden, "hidden_size"),
    (.intermediate, "intermediate_size"), (.positions, "max_position_embeddings"),
    (.heads, "num_attention_heads"), (.layers, "num_hidden_layers"),
    (.groups, "num_hidden_groups"), (.innerBlocks, "inner_group_num"),
    (.tokenTypes, "type_vocab_size"), (.vocabulary, "vocab_size"),
  ]

  /// `albert_config.json`; the class defaults are those of xxlarge (models §2.1).
  static let albertOriginal = ConfigurationDialect(
    fileNames: ["albert_config.json"], sizeKeys: albertSizes, activations: googleActivations,
    defaults: [
      "embedding_size": 128, "hidden_size": 4096, "num_hidden_layers": 12, "num_hidden_groups": 1,
      "num_attention_heads": 64, "intermediate_size": 16384, "inner_group_num": 1,
      "hidden_act": "gelu", "max_position_embeddings": 512, "type_vocab_size": 2,
    ],
    maskValue: .additive(-10000),
    carriedKeys: [
      "attention_probs_dropout_prob", "hidden_dropout_prob", "initializer_range",
      "down_scale_factor", "gap_size", "net_structure_type", "num_memory_blocks",
    ])

  /// `config.json` of transformers' AlbertConfig.
  static let albertHuggingFace = ConfigurationDialect(
    fileNames: ["config.json"], sizeKeys: albertSizes, activations: huggingFaceActivations,
    defaults: [
      "embedding_size": 128, "hidden_size": 4096, "num_hidden_layers": 12, "num_hidden_groups": 1,
      "num_attention_heads": 64, "intermediate_size": 16384, "inner_group_num": 1,
      "hidden_act": "gelu_new", "max_position_embeddings": 512, "type_vocab_size": 2,
      "vocab_size": 30000,
    ],
    epsilonKey: "layer_norm_eps", maskValue: .lowestFinite,
    carriedKeys: [
      "attention_probs_dropout_prob", "hidden_dropout_prob", "initializer_range",
      "classifier_dropout_prob", "pad_token_id", "bos_token_id", "eos_token_id", "id2label",
      "label2id", "problem_type",
    ],
    constants: ["model_type": "albert"], namesArchitecture: true)
}
