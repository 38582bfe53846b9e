import SmithBytes
import SmithKernels
import SmithModels
import SmithTensors

extension Transform {
  /// The same model in the graph of another family, where that is exact (models §14.1). `.refused` with the reason where it is not, and
  /// with how far off a conversion in good faith would be.
  public static func change(to family: Family) -> Transform {
    Transform(name: "as \(family.name)") { parameters, source throws(SmithError) in
      let change = FamilyChange(to: family) { recipe throws(SmithError) in
        try recipe.isNeutral(in: source)
      }
      do throws(SmithError) { return try change.applied(to: parameters) } catch {
        guard error.kind == .refused else { throw error }
        throw try change.measured(error, parameters, source)
      }
    }
  }
}

extension FamilyChange {
  /// The refusal with the error that was measured: both graphs on the same input.
  fileprivate func measured(
    _ refusal: SmithError, _ parameters: Parameters, _ source: any TensorSource
  ) throws(SmithError) -> SmithError {
    var forced = self
    forced.isForced = true
    guard let approximate = try? forced.applied(to: parameters),
      let worst = try worstDifference(parameters, approximate, source)
    else { return refusal }
    return SmithError(
      refusal.kind,
      refusal.detail
        + "; written as one all the same, \(worst.name) would be off by \(worst.maxAbs.short), its values reach \(worst.largest.short)",
      at: refusal.place, remedy: refusal.remedy)
  }

  /// The last layer that both have, and how far apart the two are there.
  private func worstDifference(
    _ old: Parameters, _ new: Parameters, _ source: any TensorSource
  ) throws(SmithError) -> (name: String, maxAbs: Double, largest: Double)? {
    let input = old.configuration.architecture.standardInput(for: old.configuration)
      .fitting(new.configuration)
    let (a, b) = (try old.run(on: input, source), try new.run(on: input, source))
    let comparison = LayerComparison(input: input)
    let layers = a.taps.filter { $0.name.hasPrefix("layers.") }
    guard let tap = layers.last, let other = b[tap.name], tap.shape == other.shape else {
      return nil
    }
    let difference = comparison.difference(tap, other)
    return (tap.name, difference.maxAbs, difference.largest)
  }
}

extension Double {
  /// Two digits behind the point, for a sentence.
  fileprivate var short: String { "\((self * 100).rounded() / 100)" }
}
