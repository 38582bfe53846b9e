import SmithBytes

extension Family {
  /// The first models of brightmart/albert_zh (`modeling.py`; models §2.5), which share a name with ALBERT and little else: BERT's block,
  /// one for all layers; a map E → H of the word vector alone; norms behind (`postln`) or before (`preln`).
  public static let albertZh = Family(
    name: "albert_zh",
    parameters: [
      ParameterRow.table("embeddings.word", .vocabulary, .embedding),
      [
        ParameterRow(
          "embeddings.wordProjection.weight", [.size(.hidden), .size(.embedding)],
          part: "wordProjection", neutral: .identity)
      ],
      ParameterRow.table("embeddings.position", .positions, .hidden),
      ParameterRow.table("embeddings.tokenType", .tokenTypes, .hidden),
      ParameterRow.norm("embeddings.norm", .hidden),
    ]
      + ParameterRow.encoderBlock
      + [
        ParameterRow.linear("pooler", .hidden, .hidden, part: "pooler"),
        ParameterRow.linear("heads.mlm.dense", .hidden, .hidden, part: "mlm"),
        ParameterRow.norm("heads.mlm.norm", .hidden, part: "mlm"),
        [ParameterRow("heads.mlm.bias", [.size(.vocabulary)], part: "mlm")],
      ]
      + ["sop", "sequence", "span"].map(ParameterRow.classifier),
    dialects: [albertZhOriginal],
    demanded: [.original: ["wordProjection"]],
    classes: [])

  private static let albertZhOriginal: Dialect = {
    let spell = Spelling.tensorFlow
    return Dialect(
      name: .original,
      rules: [
        Rule.embeddingTables("bert/embeddings/"),
        [
          Rule(
            "embeddings.wordProjection.weight", "bert/embeddings/word_embeddings_2", .transpose)
        ],
        spell.norm("embeddings.norm", "bert/embeddings/LayerNorm"),
        spell.bertBlock("bert/encoder/layer_shared/"),
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
      ignored: Dialect.Ignored.tensorFlowTraining,
      wrappers: ["", "module/"],
      schedule: .shared,
      configuration: .albertZh)
  }()
}

extension ConfigurationDialect {
  /// `albert_config.json` of brightmart: BERT's fields, `embedding_size` and `ln_type`.
  static let albertZh = ConfigurationDialect(
    fileNames: ["albert_config.json"],
    sizeKeys: [
      (.embedding, "embedding_size"), (.hidden, "hidden_size"),
      (.intermediate, "intermediate_size"), (.positions, "max_position_embeddings"),
      (.heads, "num_attention_heads"), (.layers, "num_hidden_layers"),
      (.tokenTypes, "type_vocab_size"), (.vocabulary, "vocab_size"),
    ],
    activations: googleActivations,
    defaults: [
      "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
      "intermediate_size": 3072, "hidden_act": "gelu", "max_position_embeddings": 512,
      "type_vocab_size": 16,
    ],
    maskValue: .additive(-10000), normPlacementKey: "ln_type",
    carriedKeys: [
      "attention_probs_dropout_prob", "hidden_dropout_prob", "initializer_range", "directionality",
      "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers",
      "pooler_size_per_head", "pooler_type",
    ])
}
