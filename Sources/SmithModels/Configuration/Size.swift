/// The numbers that a family's shapes are made of. The raw value is the symbol people know from the papers and the fact sheets.
public enum Size: String, Hashable, Sendable, Codable, CaseIterable {
  /// Rows of the word table, V.
  case vocabulary
  /// Width of the embedding tables, E.
  case embedding
  /// Width of the residual stream, H.
  case hidden
  /// Width inside the feed-forward part, I.
  case intermediate
  /// Rows of the position table, P.
  case positions
  /// Rows of the token-type table, T.
  case tokenTypes
  /// Attention heads, A.
  case heads
  /// L of the configuration file.
  case layers
  /// Groups of blocks (ALBERT), G.
  case groups
  /// Blocks in a group (ALBERT), K.
  case innerBlocks
  /// Rows of the character table (ELMo).
  case characters
  /// Width of the character table, c.
  case characterWidth
  /// Characters of a word, markers included.
  case wordLength
  /// All filters of the character convolutions together, F.
  case filters
  /// Widths of character filters, each a convolution of its own.
  case convolutions
  /// Highway layers above them.
  case highways
  /// Width of an LSTM's memory, D.
  case cell
  /// What a model puts out layer by layer: one more than layers, the embeddings being the first.
  case outputs
  /// Weighted means of the outputs that tasks have learned.
  case mixes

  /// The smallest number that makes sense.
  var least: Int { self == .highways || self == .mixes ? 0 : 1 }

  /// Those that two models must share to be run on the same input and compared layer by layer.
  public static let ofInput: [Size] = [
    .vocabulary, .positions, .tokenTypes, .embedding, .hidden, .characters, .wordLength,
  ]
}

/// One dimension of a canonical parameter.
public enum Dimension: Hashable, Sendable {
  case size(Size)
  /// The number of classes of a head, whatever it is: equal in its weight and its bias.
  case classes(String)
  /// This number in every model.
  case exactly(Int)
  /// A number that each value of a place in the name has for itself; `at` is that value, nil in a row of a table.
  case each(String, of: String, at: Int? = nil)

  /// The dimension in a parameter whose name has these values in its places.
  func filled(with places: [String: Int]) -> Dimension {
    guard case .each(let what, let place, _) = self else { return self }
    return .each(what, of: place, at: places[place])
  }
}
