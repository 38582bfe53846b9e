import SmithBytes

extension Parameters {
  /// What the family's graph has no place for, written out: shared blocks become copies, a factorized word table is multiplied back. The
  /// model computes the same; a note says so.
  public func fittedToFamily() -> Parameters {
    guard let family = Families.named(configuration.family) else { return self }
    var result = self
    let isShared = Set(configuration.schedule).count < configuration.schedule.count
    if isShared, !family.runs(configuration) {
      result = Unsharing().applied(to: result)
      result.notes.append(
        "\(family.name) has a block for every depth: shared blocks are written once for each; --as albert keeps them shared where it can"
      )
    }
    if !family.parameters.contains(where: { $0.name.text == Factorization.wordMap }),
      let map = result.recipes[Factorization.wordMap],
      let table = result.recipes[Factorization.word]
    {
      result.recipes[Factorization.word] = .product(table, map.transposed)
      result.recipes[Factorization.wordMap] = nil
      result.configuration.parts.remove("wordProjection")
      result.configuration.sizes[.embedding] = map.shape.first
      // Behind a norm of its own width a table's factor has no other family either.
      let remedy = configuration.parts.contains("projection") ? "" : "; --as albert_zh keeps them"
      result.notes.append(
        "\(family.name) has no place for the factors of the word table: it is written multiplied back\(remedy)"
      )
    }
    return result
  }
}

extension Family {
  /// Whether one of its own formulas runs these blocks in this order.
  fileprivate func runs(_ configuration: ModelConfiguration) -> Bool {
    let depths = configuration.schedule.count
    let groups = configuration.sizes[.groups] ?? configuration.runningBlocks.count
    let layers = configuration.sizes[.layers] ?? depths
    let inner = configuration.sizes[.innerBlocks] ?? 1
    return dialects.contains {
      $0.schedule.schedule(layers: layers, groups: groups, inner: inner) == configuration.schedule
    }
  }
}
