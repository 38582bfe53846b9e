extension Dialect.Ignored {
  /// What every checkpoint of Google's BERT-like code carries besides parameters (models §1.2).
  static let tensorFlowTraining: [Dialect.Ignored] = [
    Dialect.Ignored(.ending("/adam_m"), because: "optimizer slot"),
    Dialect.Ignored(.ending("/adam_v"), because: "optimizer slot"),
    Dialect.Ignored(.ending("/Adam"), because: "optimizer slot"),
    Dialect.Ignored(.ending("/Adam_1"), because: "optimizer slot"),
    Dialect.Ignored(.ending("/Momentum"), because: "optimizer slot"),
    Dialect.Ignored(.ending("/ExponentialMovingAverage"), because: "moving average of training"),
    Dialect.Ignored(.whole(NamePattern("global_step")), because: "step counter"),
    Dialect.Ignored(.whole(NamePattern("beta1_power")), because: "optimizer state"),
    Dialect.Ignored(.whole(NamePattern("beta2_power")), because: "optimizer state"),
    Dialect.Ignored(.whole(NamePattern("save_counter")), because: "step counter"),
    Dialect.Ignored(
      .whole(NamePattern("_CHECKPOINTABLE_OBJECT_GRAPH")), because: "object graph, no weights"),
  ]

  /// What Keras' optimizers keep in an object graph.
  static let kerasOptimizer: [Dialect.Ignored] =
    ["m", "v", "vhat", "momentum"].map {
      Dialect.Ignored(.ending("/.OPTIMIZER_SLOT/optimizer/\($0)"), because: "optimizer slot")
    }
    + ["optimizer/", "Adam/", "AdamWeightDecay/", "LAMB/"].map {
      Dialect.Ignored(.beginning($0), because: "optimizer state")
    }

  /// Scopes of another model in the same file.
  static func otherPart(_ scopes: String...) -> [Dialect.Ignored] {
    scopes.map { Dialect.Ignored(.beginning($0), because: otherPart) }
  }

  /// Buffers in PyTorch state dicts up to transformers 4.30.
  static let torchBuffers: [Dialect.Ignored] =
    [
      Dialect.Ignored(.ending("embeddings.position_ids"), because: "buffer, counts 0, 1, 2, …"),
      Dialect.Ignored(.ending("embeddings.token_type_ids"), because: "buffer of zeros"),
    ] + torchTraining

  /// What training checkpoints of PyTorch keep beside the model, under keys of their root.
  private static let torchTraining =
    [
      "optimizer.", "optimizer_state.", "optimizer_state_dict.", "optimizer_states.",
      "last_optimizer_state.", "optim.", "scheduler.", "lr_scheduler.", "lr_schedulers.",
      "scaler.", "amp.", "rng_state.",
    ].map { Dialect.Ignored(.beginning($0), because: "state of the training") }

  /// What a `TrainState` of Flax keeps beside `params`.
  static let flaxTraining: [Dialect.Ignored] = [
    Dialect.Ignored(.beginning("opt_state/"), because: "optimizer state"),
    Dialect.Ignored(.whole(NamePattern("step")), because: "step counter"),
  ]
}
