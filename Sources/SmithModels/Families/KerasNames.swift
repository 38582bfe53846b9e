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
