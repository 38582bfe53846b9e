/// What every checkpoint of Google's BERT-like code carries besides parameters (models §1.2).
extension Dialect.Ignored {
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

  /// Buffers in PyTorch state dicts up to transformers 4.30.
  static let torchBuffers: [Dialect.Ignored] = [
    Dialect.Ignored(.ending("embeddings.position_ids"), because: "buffer, counts 0, 1, 2, …"),
    Dialect.Ignored(.ending("embeddings.token_type_ids"), because: "buffer of zeros"),
  ]
}

/// Names in Keras files of transformers (models §1.3).
enum KerasNames {
  /// `albert/tf_albert_for_masked_lm_2/albert/embeddings/…` → `albert/embeddings/…`: everything up to the model's own name goes. The
  /// counter in that name is how many such models the writing process had made.
  @Sendable static func normalise(_ name: String) -> String {
    let parts = name.split(separator: "/", omittingEmptySubsequences: true)
    if let model = parts.firstIndex(where: { $0.hasPrefix("tf") && $0.contains("_") }) {
      return parts[(model + 1)...].joined(separator: "/")
    }
    if parts.count > 2, parts[0] == parts[1] { return parts.dropFirst().joined(separator: "/") }
    return name
  }

  /// `albert/embeddings/…` → `albert/tf_albert_for_masked_lm/albert/embeddings/…`.
  static func decorate(_ name: String, modelClass: String) -> String {
    let owner = name.prefix { $0 != "/" }
    return "\(owner)/\(modelClass)/\(name)"
  }
}
