import SmithBytes
import SmithKernels

extension Family {
  /// RoBERTa and XLM-R as their own program keeps them (fairseq `models/roberta/model.py`; models §4): the first releases say `decoder` for
  /// `encoder`, `emb_layer_norm` for `layernorm_embedding`, and have query, key and value in one tensor. There are no token types and no
  /// pooler; the masked-language head takes the model's activation, and keeps its decoder under a name of its own although it is tied.
  static let robertaFairseq: Dialect = {
    let spell = Spelling.torch
    let head = "classification_heads.{@head}."
    return Dialect(
      name: .fairseq,
      rules: [
        fairseqBody("encoder.sentence_encoder."),
        spell.linear("heads.mlm.dense", "encoder.lm_head.dense"),
        spell.plainNorm("heads.mlm.norm", "encoder.lm_head.layer_norm"),
        [
          Rule("heads.mlm.bias", "encoder.lm_head.bias"),
          Rule("heads.mlm.decoder.weight", "encoder.lm_head.weight", role: .tiedName),
        ],
        spell.linear("heads.sequence.dense", head + "dense"),
        spell.linear("heads.sequence", head + "out_proj"),
      ],
      ignored: fairseqIgnored + Dialect.Ignored.torchBuffers,
      wrappers: ["", "module."], scope: "encoder.", otherScopes: ["decoder."],
      schedule: .sequential,
      configuration: .robertaFairseq,
      heads: EncoderHead.unpooled(sequence: .tanh)
    ).with {
      $0.words = [
        "head": Dialect.Word(
          key: ConfigurationDialect.headNameKey, what: "classification heads",
          usual: "sentence_classification_head")
      ]
      $0.fixedSizes = [.tokenTypes: 1]
      $0.expectedParts = ["mlm"]
    }
  }()

  private static func fairseqBody(_ scope: String) -> [Rule] {
    let spell = Spelling.torch
    let (block, attention) = (scope + "layers.{b}.", scope + "layers.{b}.self_attn.")
    return [
      [
        Rule("embeddings.word", scope + "embed_tokens.weight"),
        Rule("embeddings.position", scope + "embed_positions.weight"),
      ],
      spell.plainNorm("embeddings.norm", scope + "layernorm_embedding"),
      spell.plainNorm("embeddings.norm", scope + "emb_layer_norm", role: .oldName),
      spell.linear("blocks.{b}.attention.query", attention + "q_proj"),
      spell.linear("blocks.{b}.attention.key", attention + "k_proj"),
      spell.linear("blocks.{b}.attention.value", attention + "v_proj"),
      fused(attention + "in_proj_", role: .oldName),
      spell.linear("blocks.{b}.attention.output", attention + "out_proj"),
      spell.plainNorm("blocks.{b}.attention.norm", block + "self_attn_layer_norm"),
      spell.linear("blocks.{b}.feedForward.up", block + "fc1"),
      spell.linear("blocks.{b}.feedForward.down", block + "fc2"),
      spell.plainNorm("blocks.{b}.feedForward.norm", block + "final_layer_norm"),
    ].flatMap { $0 }
  }

  /// Query, key and value below each other.
  private static func fused(_ stored: String, role: Rule.Role) -> [Rule] {
    ["weight", "bias"].flatMap { tensor in
      ["query", "key", "value"].enumerated().map { index, part in
        Rule(
          "blocks.{b}.attention.\(part).\(tensor)", stored + tensor, .part(index, of: 3), role: role
        )
      }
    }
  }

  /// Releases from 0.12 on keep the tensors of a block once more, for the fast path of PyTorch's own encoder: they are made anew from
  /// the others when a file is loaded (`TransformerEncoderLayerBase._load_from_state_dict`), whatever stands there.
  private static let fairseqIgnored: [Dialect.Ignored] =
    [
      "in_proj_weight", "in_proj_bias", "out_proj_weight", "out_proj_bias", "fc1_weight",
      "fc1_bias", "fc2_weight", "fc2_bias",
    ].flatMap { name in
      ["encoder", "decoder"].map { side in
        Dialect.Ignored(
          .whole(NamePattern("\(side).sentence_encoder.layers.{b}.\(name)")),
          because: "made anew from the block's own tensors on loading")
      }
    } + [
      Dialect.Ignored(
        .ending("sentence_encoder.version"), because: "buffer, the form of the names"),
      Dialect.Ignored(.ending("_float_tensor"), because: "buffer, a type without values"),
      Dialect.Ignored(
        .beginning("encoder.regression_head."), because: "data2vec's training target"),
      Dialect.Ignored(.beginning("encoder._ema"), because: "data2vec's training target"),
    ]
}

extension Spelling {
  /// The rows of a layer norm without older spellings.
  func plainNorm(
    _ canonical: String, _ stored: String, role: Rule.Role = .name
  ) -> [Rule] {
    [
      Rule(canonical + ".weight", stored + scale, role: role),
      Rule(canonical + ".bias", stored + shift, role: role),
    ]
  }
}

extension ConfigurationDialect {
  /// fairseq's own word for which of a model's classification heads is meant.
  static let headNameKey = "classification_head_name"

  /// fairseq's activations: `gelu_accurate` is the tanh form, named the wrong way round (models §1.4).
  private static let fairseqActivations: [(spelling: String, activation: Activation)] = [
    ("gelu", .gelu), ("gelu_accurate", .geluTanh), ("gelu_fast", .geluTanh), ("relu", .relu),
    ("tanh", .tanh), ("linear", .linear),
  ]

  /// The attributes of `args`, or of `cfg.model` in files since 0.10, in the order in which fairseq looks. What `_upgrade_state_dict` and `RobertaModel` need besides is
  /// written with them; masks are −∞, and the padding token is the dictionary's second word.
  static let robertaFairseq = ConfigurationDialect(
    fileNames: [],
    sizeKeys: [
      (.hidden, "encoder_embed_dim"), (.intermediate, "encoder_ffn_embed_dim"),
      (.positions, "max_positions"), (.heads, "encoder_attention_heads"),
      (.layers, "encoder_layers"),
    ],
    activations: fairseqActivations,
    defaults: ["encoder_attention_heads": 12, "activation_fn": "gelu"],
    epsilon: 1e-5, maskValue: .lowestFinite, normPlacementKey: "encoder_normalize_before",
    carriedKeys: [
      "arch", "task", "criterion", "dropout", "attention_dropout", "activation_dropout",
      "pooler_dropout", headNameKey,
    ],
    constants: [
      "arch": "roberta_base", "task": "masked_lm", "criterion": "masked_lm",
      "pooler_activation_fn": "tanh", "layernorm_embedding": true, "encoder_learned_pos": true,
      "no_scale_embedding": true,
    ]
  ).with {
    $0.activationKey = "activation_fn"
    $0.fixedPadding = 1
    $0.offsets = [.positions: [-2]]
    $0.normPlacements = [(false, .post), (true, .pre)]
    $0.tie = Tie("untie_weights_roberta", tied: false)
    $0.demands = [
      Demand("no_scale_embedding", true), Demand("layernorm_embedding", true),
      Demand("encoder_learned_pos", true), Demand("encoder_layers_to_keep", .null),
      Demand("pooler_activation_fn", "tanh", of: "sequence"),
    ]
    $0.embedding = Embedding(
      paths: ["args.", "cfg.model."], settings: "args", model: "model",
      rest: [
        "optimizer_history": [
          [
            "criterion_name": "MaskedLmLoss", "optimizer_name": "FairseqAdam",
            "lr_scheduler_state": [:], "num_updates": 0,
          ]
        ],
        "extra_state": [:], "last_optimizer_state": nil,
      ])
  }
}
