/// Layers of transformers' TensorFlow models that own the embeddings as well: its files store them twice, once per owner, and its reader
/// reports them missing where the second place has none. We write them once, with a link at the second place.
enum KerasTies {
  struct Tie {
    var layer: String
    /// The path of the link, and of the group that it leads to.
    var link: String
    var target: String
    /// What the layer's `weight_names` lists in addition.
    var weights: [String]
  }

  /// The layer of each family's masked-language head that takes the word embeddings for its last product: ALBERT, BERT, RoBERTa,
  /// DistilBERT, ELECTRA.
  private static let heads = [
    "predictions", "mlm___cls", "lm_head", "vocab_projector", "generator_lm_head",
  ]

  /// `layers` and their weight names as they will be written: `albert`, `tf_albert_model/albert/embeddings/…`.
  static func of(layers: [String], weights: [String: [String]]) -> [Tie] {
    heads.compactMap { head in
      guard let model = weights[head]?.first?.split(separator: "/").first, model.hasPrefix("tf_")
      else { return nil }
      for body in layers where body != head {
        let group = "\(model)/\(body)/embeddings"
        let tied = (weights[body] ?? []).filter { $0.hasPrefix(group + "/") }
        let isWritten = weights[head]?.contains { $0.hasPrefix("\(model)/\(body)/") } ?? false
        if tied.isEmpty || isWritten { continue }
        return Tie(
          layer: head, link: "\(head)/\(group)", target: "\(body)/\(group)", weights: tied)
      }
      return nil
    }
  }
}
