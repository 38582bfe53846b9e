import SmithBytes

extension Parameters {
  /// The word table multiplied with its map, rounded once to f32: the way back from a factorization.
  ///
  /// `.refused` where there is no map of the words alone: one behind a norm is no factor of the table (models §14.1).
  public func expandingEmbedding() throws(SmithError) -> Parameters {
    guard let map = recipes[Factorization.wordMap], let table = recipes[Factorization.word] else {
      let reason =
        configuration.parts.contains("projection")
        ? "the map to width \(configuration[.hidden]) stands behind a norm of width \(configuration[.embedding]): it is no factor of the word table"
        : "the word table is not kept in factors"
      throw SmithError(.refused, reason, at: Place(item: Factorization.word))
    }
    var result = self
    result.recipes[Factorization.word] = .product(table, map.transposed)
    if let decoder = recipes["heads.mlm.decoder.weight"] {
      result.recipes["heads.mlm.decoder.weight"] = .product(decoder, map.transposed)
    }
    result.recipes[Factorization.wordMap] = nil
    for name in [Factorization.word, Factorization.wordMap] { result.schemes[name] = nil }
    result.configuration.parts.remove("wordProjection")
    result.configuration.sizes[.embedding] = map.shape.first
    return result
  }
}
