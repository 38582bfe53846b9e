import SmithBytes
import SmithKernels
import SmithModels
import SmithTensors

/// Proves, or refutes, that a candidate is the same model as a reference: parameter by parameter, and activation by activation on the same
/// input, judged against the rounding floor that an f64 pass of the reference measures (DESIGN §8).
public struct Verification: Sendable {
  public var reference: Model
  public var candidate: Model
  /// Nil chooses: exact, or reduced precision when the candidate stores fewer bits.
  public var policy: Policy?
  /// How the candidate multiplies with weights that are stored as bytes. Nil chooses: as stored, so that what is lost is what its user
  /// loses; decoded where the reference is stored as bytes too, since then the question is whether the two are the same.
  public var products: Products?
  public var workers = Workers.all

  public init(of candidate: Model, against reference: Model, policy: Policy? = nil) {
    self.candidate = candidate
    self.reference = reference
    self.policy = policy
  }

  /// Compares on the given input, off the calling task.
  public func run(
    on input: VerificationInput = .standard,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws(SmithError) -> VerificationReport {
    try await offloaded { () throws(SmithError) in try compare(on: input, progress: progress) }
  }

  /// The same on the calling thread.
  public func compare(
    on input: VerificationInput, progress: @Sendable (Progress) -> Void = { _ in }
  ) throws(SmithError) -> VerificationReport {
    if reference.family != candidate.family { return try compareFamilies(on: input, progress) }
    return try compare(on: input, basis: reference, progress: progress)
  }

  /// A candidate of another family: its tensors must be those of the reference's exact change of family, its activations those of the
  /// reference's own graph.
  private func compareFamilies(
    on input: VerificationInput, _ progress: @Sendable (Progress) -> Void
  ) throws(SmithError) -> VerificationReport {
    guard let family = Families.named(candidate.family) else {
      throw SmithError(.unsupported, "no family of that name", at: Place(item: candidate.family))
    }
    return try compare(
      on: input, basis: reference.applying(.change(to: family)), progress: progress)
  }

  /// `basis` is the reference, or what it is in the candidate's family: what its parameters are compared with.
  private func compare(
    on input: VerificationInput, basis: Model, progress: @Sendable (Progress) -> Void
  ) throws(SmithError) -> VerificationReport {
    var tensors = try TensorComparison(reference: basis, candidate: candidate, workers: workers)
      .run(progress)
    let without = partsWithoutPlace(of: basis)
    for index in tensors.indices where tensors[index].verdict == .missing {
      let part = Families.named(basis.family)?.part(of: tensors[index].name)
      if without.contains(part ?? "") { tensors[index].verdict = .omitted }
    }
    var report = VerificationReport(policy: policy ?? chosenPolicy, tensors: tensors)
    compareConfigurations(&report, basis)
    guard report.refusals.isEmpty else { return report }
    compareParts(&report, basis)
    report.layers = try layers(on: input, progress)
    report.multipliesBytes = multipliesBytes
    return report
  }

  /// The reference is always decoded: its values are what the candidate's stand for.
  var candidateProducts: Products {
    products ?? (reference.parameters.hasByteProducts ? .decoded : .asStored)
  }

  /// Whether the candidate's activations are those of products of bytes.
  var multipliesBytes: Bool {
    candidateProducts == .asStored && candidate.parameters.hasByteProducts
  }

  /// The activations that both have, on the same input.
  func layers(
    on input: VerificationInput, _ progress: @Sendable (Progress) -> Void = { _ in }
  ) throws(SmithError) -> [LayerParity] {
    let read = try input.read(by: reference, or: candidate)
    var shared = try read.input(for: reference)
    if case .standard = input { shared = shared.fitting(candidate.configuration) }
    let comparison = LayerComparison(input: shared)
    progress(Progress(phase: .computing, done: 0, total: 3))
    let expected = try reference.run(
      shared, taps: .everyLayer, products: .decoded, workers: workers)
    let floors = try floors(of: expected, on: shared, comparison)
    progress(Progress(phase: .computing, done: 1, total: 3))
    let actual = try candidate.run(
      shared, taps: .everyLayer, products: candidateProducts, workers: workers)
    progress(Progress(phase: .computing, done: 2, total: 3))
    let alone = try teacherForced(expected, on: shared)
    progress(Progress(phase: .computing, done: 3, total: 3))
    return expected.taps.compactMap { tap in
      guard let other = actual[tap.name], other.shape == tap.shape else { return nil }
      return row(tap, other, floor: floors[tap.name] ?? 0, alone: alone[tap.name], comparison)
    }
  }

  /// Refuses what makes a comparison on the same input impossible.
  private func compareConfigurations(_ report: inout VerificationReport, _ basis: Model) {
    let (old, new) = (basis.configuration, candidate.configuration)
    if old.schedule.count != new.schedule.count {
      report.refuse(
        "\(new.schedule.count) executed blocks, the reference has \(old.schedule.count)")
    }
    for size in Size.ofInput where old[size] != new[size] {
      report.refuse("\(size.rawValue): \(new[size]), the reference has \(old[size])")
    }
  }

  /// Names the heads that only one side has: their activations are not compared.
  private func compareParts(_ report: inout VerificationReport, _ basis: Model) {
    let (old, new) = (basis.configuration.parts, candidate.configuration.parts)
    // Either side may lack the embedding map where it is the identity; the tensors tell.
    let neutral = Families.named(basis.family)?.neutralParts ?? []
    let leftOut = partsWithoutPlace(of: basis)
    report.leftOut = leftOut.sorted()
    for part in old.subtracting(new).subtracting(neutral).subtracting(leftOut).sorted() {
      report.refuse("the candidate has no \(part == "pooler" ? part : part + " head")")
    }
    for part in new.subtracting(old).subtracting(neutral).sorted() {
      report.refuse("the reference has no \(part == "pooler" ? part : part + " head")")
    }
  }

  /// The parts of the reference that the candidate lacks because no file in its names has them.
  private func partsWithoutPlace(of basis: Model) -> Set<String> {
    let dialect = Families.named(candidate.family)?.dialect(
      candidate.dialect, for: candidate.parameters)
    return (dialect?.leavesOut ?? []).intersection(basis.configuration.parts)
      .subtracting(candidate.configuration.parts)
  }

  /// Fewer bits than the reference's, by type or by scheme.
  var chosenPolicy: Policy {
    let (old, new) = (reference.parameters, candidate.parameters)
    let reduced = new.recipes.contains { name, recipe in
      if new.schemes[name] != nil || recipe.storedScheme != nil { return true }
      return recipe.dtype.bits < (old.recipes[name] ?? recipe).dtype.bits
    }
    return reduced ? .reduced : .exact
  }

  /// The largest difference between f32 and f64 at each activation.
  func floors(
    of expected: Activations<Float>, on input: ModelInput, _ comparison: LayerComparison
  ) throws(SmithError) -> [String: Double] {
    let exact = try reference.run(
      on: Backends.reference, input, taps: .everyLayer, workers: workers)
    var floors: [String: Double] = [:]
    for tap in expected.taps {
      if let other = exact[tap.name] { floors[tap.name] = comparison.difference(tap, other).maxAbs }
    }
    return floors
  }

  /// The candidate's layers, each fed what the reference's layer before put out.
  private func teacherForced(
    _ expected: Activations<Float>, on input: ModelInput
  ) throws(SmithError) -> [String: Activations<Float>.Tap] {
    let forced = try candidate.run(
      on: Backends.default, input, taps: .everyLayer, products: candidateProducts,
      replacing: { expected[$0]?.values }, workers: workers)
    return Dictionary(forced.taps.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func row(
    _ expected: Activations<Float>.Tap, _ actual: Activations<Float>.Tap, floor: Double,
    alone: Activations<Float>.Tap?, _ comparison: LayerComparison
  ) -> LayerParity {
    let difference = comparison.difference(expected, actual)
    var row = LayerParity(
      name: expected.name, maxAbs: difference.maxAbs, meanAbs: difference.meanAbs,
      cosine: difference.cosine, floor: floor,
      tolerance: Self.tolerance(floor, largest: difference.largest))
    if let alone, alone.shape == expected.shape {
      row.alone = comparison.difference(expected, alone).maxAbs
    }
    if expected.name.hasSuffix("logits") {
      let found = comparison.distribution(expected, actual)
      row.topOne = found.topOne
      row.divergence = found.divergence
      row.topFive = comparison.agreement(expected, actual, ofLargest: 5)
    }
    return row
  }

  /// Ten floors; where an input happens to round without error, ten units in the last place of the largest value instead.
  static func tolerance(_ floor: Double, largest: Double) -> Double {
    Policy.floorMultiple * max(floor, largest * Double(Float.ulpOfOne) / 2)
  }
}
