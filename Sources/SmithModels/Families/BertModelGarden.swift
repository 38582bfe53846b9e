import SmithBytes

extension Family {
  /// BERT in the object graphs of TensorFlow's Model Garden (`official/nlp/modeling`): attention kernels with their heads apart, and the
  /// scopes of whatever model was saved. A head may have a pooler of its own, which then is the model's, since the encoder's is not used.
  static let bertModelGarden: Dialect = {
    let spell = Spelling.tensorFlow
    let block = "transformer/layer_{b}/"
    return Dialect(
      name: .modelGarden,
      rules: [
        [
          Rule("embeddings.word", "word_embeddings/embeddings"),
          Rule("embeddings.position", "position_embedding/embeddings"),
          Rule("embeddings.tokenType", "type_embeddings/embeddings"),
        ],
        spell.norm("embeddings.norm", "embeddings/layer_norm"),
        ["query", "key", "value"].flatMap { part in
          [
            Rule(
              "blocks.{b}.attention.\(part).weight", block + "self_attention/\(part)/kernel",
              .headOutputs),
            Rule(
              "blocks.{b}.attention.\(part).bias", block + "self_attention/\(part)/bias", .headBias),
          ]
        },
        [
          Rule(
            "blocks.{b}.attention.output.weight",
            block + "self_attention/attention_output/kernel", .headInputs),
          Rule(
            "blocks.{b}.attention.output.bias", block + "self_attention/attention_output/bias"),
        ],
        spell.norm("blocks.{b}.attention.norm", block + "self_attention_layer_norm"),
        spell.linear("blocks.{b}.feedForward.up", block + "intermediate"),
        spell.linear("blocks.{b}.feedForward.down", block + "output"),
        spell.norm("blocks.{b}.feedForward.norm", block + "output_layer_norm"),
        spell.linear("pooler", "pooler_transform"),
        spell.linear("pooler", "next_sentence/pooler_dense").map { $0.ofPart() },
        spell.linear("pooler", "sentence_prediction/pooler_dense").map { $0.ofPart() },
        spell.linear("heads.mlm.dense", "cls/predictions/transform/dense"),
        spell.norm("heads.mlm.norm", "cls/predictions/transform/LayerNorm"),
        [Rule("heads.mlm.bias", "cls/predictions/output_bias/bias")],
        spell.linear("heads.nsp", "next_sentence/logits"),
        spell.linear("heads.sequence", "sentence_prediction/logits"),
      ],
      ignored: Dialect.Ignored.tensorFlowTraining + Dialect.Ignored.kerasOptimizer,
      normalise: withoutModelScope,
      schedule: .sequential,
      configuration: ConfigurationDialect.bertOriginal.with {
        $0.maskValue = .additive(-1e9)
        $0.demands = [ConfigurationDialect.Demand("norm_first", false)]
      })
  }()

  /// `bert_encoder_v2_1/transformer/…` and `bert/cls/…` without the name of the Keras model, and the number of models that its process had
  /// made.
  @Sendable private static func withoutModelScope(_ name: String) -> String {
    let scope = name.prefix { $0 != "/" }
    guard scope == "bert" || scope == "encoder" || scope.hasPrefix("bert_encoder"),
      scope.utf8.count < name.utf8.count
    else { return name }
    return String(name.dropFirst(scope.count + 1))
  }
}
