import SmithBytes

extension Family {
  /// BERT in llama.cpp's words (gguf-py `constants.py` MODEL_ARCH.BERT and `tensor_mapping.py`; llama.cpp `src/models/bert.cpp`), as its own
  /// `convert_hf_to_gguf.py` writes them: the body alone, matrices in the type that is asked for, everything else in f32.
  static let bertGGUF: Dialect = {
    let spell = Spelling.torch
    return Dialect(
      name: .gguf,
      rules: [
        [
          Rule("embeddings.word", "token_embd.weight"),
          Rule("embeddings.position", "position_embd.weight"),
          Rule("embeddings.tokenType", "token_types.weight"),
        ],
        spell.plainNorm("embeddings.norm", "token_embd_norm"),
        spell.llamaBlock("blk.{b}."),
      ],
      ignored: [],
      schedule: .sequential,
      configuration: .bertGGUF
    ).with {
      // Every architecture of llama.cpp has a `token_embd.weight`; positions and a norm over the embeddings only BERT's has.
      $0.anchors = ["embeddings.position", "embeddings.norm.weight"].map(NamePattern.init)
      $0.leavesOut = ["pooler", "mlm", "decoder", "nsp"]
      $0.singles = ["embeddings.position", "embeddings.tokenType"]
    }
  }()
}

extension Spelling {
  /// The block of llama.cpp's `bert`; files of other converters have query, key and value below each other in `attn_qkv`.
  fileprivate func llamaBlock(_ block: String) -> [Rule] {
    let fused = ["weight", "bias"].flatMap { tensor in
      ["query", "key", "value"].enumerated().map { index, part in
        Rule(
          "blocks.{b}.attention.\(part).\(tensor)", block + "attn_qkv.\(tensor)",
          .part(index, of: 3), role: .oldName)
      }
    }
    return [
      linear("blocks.{b}.attention.query", block + "attn_q"),
      linear("blocks.{b}.attention.key", block + "attn_k"),
      linear("blocks.{b}.attention.value", block + "attn_v"),
      linear("blocks.{b}.attention.output", block + "attn_output"),
      plainNorm("blocks.{b}.attention.norm", block + "attn_output_norm"),
      linear("blocks.{b}.feedForward.up", block + "ffn_up"),
      linear("blocks.{b}.feedForward.down", block + "ffn_down"),
      plainNorm("blocks.{b}.feedForward.norm", block + "layer_output_norm"),
      fused,
    ].flatMap { $0 }
  }
}

extension ConfigurationDialect {
  /// The `bert.` entries of a GGUF file. llama.cpp computes the tanh gelu (`LLM_FFN_GELU`) whatever model it was given; its list of keys has
  /// `hidden_activation`, which its BERT does not read and its converter does not write: ours keeps there what the model was trained with.
  static let bertGGUF = ConfigurationDialect(
    fileNames: [],
    sizeKeys: [
      (.layers, "block_count"), (.positions, "context_length"), (.hidden, "embedding_length"),
      (.intermediate, "feed_forward_length"), (.heads, "attention.head_count"),
    ],
    activations: [("gelu", .gelu), ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh)],
    defaults: ["hidden_activation": "gelu"],
    epsilonKey: "attention.layer_norm_epsilon", maskValue: .lowestFinite,
    carriedKeys: []
  ).with {
    $0.activationKey = "hidden_activation"
    $0.entryPrefix = "bert."
    $0.computedActivation = .geluTanh
  }
}
