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
}

/// One dimension of a canonical parameter.
public enum Dimension: Hashable, Sendable {
  case size(Size)
  /// The number of classes of a head, whatever it is: equal in its weight and its bias.
  case classes(String)
  /// This number in every model.
  case exactly(Int)
}
