/// The names of ELMo's activations. Those before the outputs stand for words and sentence markers [B, S + 2, width], the outputs for
/// words alone [B, S, 2·P].
enum ElmoTaps {
  static let convolutions = "embeddings.convolutions"
  static func highway(_ index: Int) -> String { "embeddings.highways.\(index)" }
  static let embeddings = "embeddings"

  /// The last part of a direction's scope, in names of taps and of parameters alike.
  static let directions = ["forward", "backward"]
  static func layer(_ index: Int, _ direction: String) -> String { "layers.\(index).\(direction)" }

  /// Output 0 is the embeddings twice, output k + 1 both directions of layer k.
  static func output(_ index: Int) -> String { "outputs.\(index)" }
  static func mix(_ index: Int) -> String { "mixes.\(index)" }

  static func isOutput(_ name: String) -> Bool {
    name.hasPrefix("outputs.") || name.hasPrefix("mixes.")
  }
}
