import SmithBytes
import SmithKernels

/// What a file chooses among a few things that our mathematics can do.
extension ConfigurationReader {
  func checkDemands(_ parts: Set<String>) throws(SmithError) {
    for demand in table.demands where demand.part.map(parts.contains) ?? true {
      guard let stated = stated(demand.key), stated != demand.value else { continue }
      throw problem(
        .unsupported, demand.key,
        "\(stated.serialized()) is another computation than ours, which is that of \(demand.value.serialized())"
      )
    }
  }

  func activation() throws(SmithError) -> Activation {
    let key = table.activationKey
    let spelling = stated(key) ?? standard(key)
    guard let spelling else {
      let example = table.defaults[key]?.stringValue ?? table.activations.first?.spelling ?? ""
      throw problem(
        .missing, key, "no configuration file says which activation it is",
        remedy: "--config FILE or --set \(key)=\(example)")
    }
    let row = table.activations.first { $0.spelling == spelling.stringValue?.lowercased() }
    guard let row else {
      let names = table.activations.map(\.spelling).joined(separator: ", ")
      throw problem(.unsupported, key, "\(spelling.serialized()) is not one of \(names)")
    }
    return row.activation
  }

  func epsilon() throws(SmithError) -> Double {
    guard let key = table.epsilonKey else { return table.epsilon }
    guard let stated = stated(key) else {
      guard file == nil, let other = table.otherEpsilon else { return table.epsilon }
      throw problem(
        .missing, key, "no configuration file says it, and models of this family differ in it",
        remedy: "--config FILE or --set \(key)=\(other)")
    }
    guard let value = stated.doubleValue, value >= 0, value < 1 else {
      throw problem(.malformed, key, "expected a small number, got \(stated.serialized())")
    }
    return value
  }

  func normPlacement() throws(SmithError) -> EncoderConfiguration.NormPlacement {
    guard let key = table.normPlacementKey, let stated = stated(key) else { return .post }
    guard let row = table.normPlacements.first(where: { $0.value == stated }) else {
      let names = table.normPlacements.map { $0.value.stringValue ?? $0.value.serialized() }
        .joined(separator: ", ")
      throw problem(.unsupported, key, "\(stated.serialized()) is not one of \(names)")
    }
    return row.placement
  }

  /// The padding token, where positions are counted from it on: fairseq's dictionaries have it at 1.
  func paddingToken(_ sizes: [Size: Int]) throws(SmithError) -> Int? {
    guard let key = table.paddingKey else { return table.fixedPadding }
    guard let stated = stated(key) else { return table.defaults[key]?.intValue ?? 1 }
    let (words, positions) = (sizes[.vocabulary] ?? 0, sizes[.positions] ?? 0)
    guard let value = stated.intValue, (0..<words).contains(value) else {
      throw problem(
        .malformed, key, "expected the id of a word, 0 to \(words - 1), got \(stated.serialized())")
    }
    guard value < positions - 1 else {
      throw problem(
        .mismatch, key, "positions start at \(value + 1), but the table has \(positions)")
    }
    return value
  }
}
