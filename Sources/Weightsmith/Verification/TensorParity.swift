import SmithBytes
import SmithModels
import SmithTensors
import Synchronization

/// How one canonical parameter of a candidate compares with the reference's, whatever files the two come from.
public struct TensorParity: Hashable, Sendable {
  public enum Verdict: String, Hashable, Sendable {
    case equal
    /// The same number once a constant is added that one of the family's layouts has in it: what both programs compute with.
    case rounded
    /// What the reference's value gives under the candidate's element type or scheme, to the last bit.
    case encoded
    /// Quantized, but not as our encoder would.
    case approximate
    case different
    /// Of a part that no file in the candidate's names has.
    case omitted
    case missing
    case extra
  }

  /// The parameter by depth: `layers.3.attention.query.weight`.
  public var name: String
  public var verdict: Verdict
  /// f32, q8_0, … as the candidate stores it.
  public var encoding: String
  public var maxAbs = 0.0
  public var cosine = 1.0
  /// What a verdict does not say by itself: the two shapes where they differ.
  public var note: String?
  /// Signal to quantization noise, dB; infinite for equal values.
  public var signalToNoise = Double.infinity

  public var json: JSON {
    [
      "name": .string(name), "verdict": .string(verdict.rawValue), "encoding": .string(encoding),
      "maxAbs": .number(maxAbs.isFinite ? maxAbs : .greatestFiniteMagnitude),
      "cosine": .number(cosine),
      "sqnr": signalToNoise.isFinite ? .number(signalToNoise) : .null,
    ]
  }
}

/// Compares two models parameter by parameter. Blocks are paired by the depth at which they run, so a shared and an unshared model compare.
struct TensorComparison: Sendable {
  let reference: Model
  let candidate: Model
  let workers: Workers

  struct Pair: Sendable {
    var name: String
    var reference: Recipe?
    var candidate: Recipe?
    /// The candidate's own recipe before a scheme chosen in memory is applied.
    var encoding: String
    var scheme: String?
    /// What some layout of the family adds to it.
    var constant: Float?
  }

  func run(_ progress: @Sendable (Progress) -> Void) throws(SmithError) -> [TensorParity] {
    let pairs = self.pairs
    let rows = Mutex<[TensorParity?]>([TensorParity?](repeating: nil, count: pairs.count))
    let done = Atomic<Int>(0)
    let total = pairs.reduce(0) { $0 + ($1.reference?.byteCount ?? 0) }
    let left = RecipeEvaluator(source: reference.source)
    let right = RecipeEvaluator(source: candidate.source)
    try workers.forEach(pairs.count) { index throws(SmithError) in
      let row = try compare(pairs[index], left, right)
      rows.withLock { $0[index] = row }
      let now = done.wrappingAdd(pairs[index].reference?.byteCount ?? 0, ordering: .relaxed)
        .newValue
      progress(Progress(phase: .comparing, done: now, total: total))
    }
    return rows.withLock { $0.compactMap { $0 } }
  }

  private var pairs: [Pair] {
    let (left, right) = (reference.parameters, candidate.parameters)
    var result: [Pair] = []
    func add(_ shown: String, _ old: String, _ new: String) {
      let (a, b) = (recipe(old, in: left, beside: right), recipe(new, in: right, beside: left))
      guard a != nil || b != nil else { return }
      let scheme = right.schemes[new] ?? right.recipes[new]?.storedScheme
      result.append(
        Pair(
          name: shown, reference: a,
          candidate: right.schemes[new] == nil ? b : right.effectiveRecipe(new),
          encoding: scheme ?? b?.dtype.rawValue ?? "", scheme: scheme,
          constant: constants.first { $0.canonical.match(old) != nil }?.added))
    }
    let constants = (Families.named(reference.family)?.dialects.flatMap(\.rules) ?? []).filter {
      $0.added != nil
    }
    let names = (Array(left.recipes.keys) + right.recipes.keys).uniqued
    for name in names where !name.hasPrefix("blocks.") { add(name, name, name) }
    let parts = names.compactMap(\.partInBlock).uniqued
    var seen: Set<[Int]> = []
    let (old, new) = (left.configuration.schedule, right.configuration.schedule)
    for depth in 0..<max(old.count, new.count) {
      let blocks = [depth < old.count ? old[depth] : -1, depth < new.count ? new[depth] : -1]
      guard seen.insert(blocks).inserted else { continue }
      for part in parts {
        add("layers.\(depth).\(part)", "blocks.\(blocks[0]).\(part)", "blocks.\(blocks[1]).\(part)")
      }
    }
    return result
  }

  /// A parameter's recipe; where only the other side has its part, and the part can be one that changes nothing, the recipe of that.
  private func recipe(_ name: String, in side: Parameters, beside other: Parameters) -> Recipe? {
    if let recipe = side.recipes[name] { return recipe }
    guard other.recipes[name] != nil, let family = Families.named(other.configuration.family),
      let part = family.part(of: name)
    else { return nil }
    return family.neutral(part, in: side.configuration)?[name]
  }

  private func compare(
    _ pair: Pair, _ left: RecipeEvaluator, _ right: RecipeEvaluator
  ) throws(SmithError) -> TensorParity {
    var row = TensorParity(name: pair.name, verdict: .equal, encoding: pair.encoding)
    guard let old = pair.reference else { return row.with(.extra) }
    guard let new = pair.candidate else { return row.with(.missing) }
    guard old.shape == new.shape else {
      row.maxAbs = .infinity
      row.note = "shape \(new.shape), the reference has \(old.shape)"
      return row.with(.different)
    }
    var difference = Difference()
    var (isEqual, isEncoded, isRounded) = (true, true, pair.constant != nil)
    var (left, right) = (left, right)
    var expected = pair.expectations(from: old, as: new)
    for rows in Slabs(old) {
      let (a, b) = (try left.floats(old, rows: rows), try right.floats(new, rows: rows))
      difference.add(reference: a, candidate: b)
      if isEqual, !a.sameBits(as: b) { isEqual = false }
      if !isEqual, isRounded, let constant = pair.constant {
        isRounded = a.map { $0 + constant }.sameBits(as: b.map { $0 + constant })
      }
      if !isEqual, isEncoded {
        var fitting: [Recipe] = []
        for recipe in expected where try left.floats(recipe, rows: rows).sameBits(as: b) {
          fitting.append(recipe)
        }
        expected = fitting
        isEncoded = !expected.isEmpty
      }
    }
    row.maxAbs = difference.maxAbs
    row.cosine = difference.cosine
    row.signalToNoise = difference.signalToNoise
    if isEqual { return row }
    if isRounded { return row.with(.rounded) }
    return row.with(isEncoded ? .encoded : pair.scheme == nil ? .different : .approximate)
  }
}

extension TensorComparison.Pair {
  /// What the reference's values may become in the candidate's encoding: a scheme's own rule and its search choose other codes.
  fileprivate func expectations(from old: Recipe, as new: Recipe) -> [Recipe] {
    guard let scheme else {
      return new.dtype != old.dtype && new.dtype.isFloat && old.dtype.isFloat
        ? [.cast(old, to: new.dtype)] : []
    }
    var names = [scheme]
    // GPTQ stores a zero for every group, symmetric codes or not.
    if let codes = Schemes.named(scheme) as? AffineScheme, let middle = codes.symmetric {
      names.append(middle.name)
    }
    return names.flatMap { [$0, "\($0)+mse"] }.compactMap { name in
      guard let parts = try? Schemes.named(name)?.components(shape: old.shape) else { return nil }
      return .decode(
        scheme: name, shape: old.shape, components: old.encoded(by: name, count: parts.count))
    }
  }
}

extension TensorParity {
  fileprivate func with(_ verdict: Verdict) -> TensorParity {
    var copy = self
    copy.verdict = verdict
    return copy
  }
}

extension [Float] {
  /// Bit for bit; NaN equals the same NaN.
  func sameBits(as other: [Float]) -> Bool {
    count == other.count && indices.allSatisfy { self[$0].bitPattern == other[$0].bitPattern }
  }
}

extension String {
  /// `attention.query.weight` of `blocks.3.attention.query.weight`.
  fileprivate var partInBlock: String? {
    let parts = split(separator: ".", maxSplits: 2)
    return parts.count == 3 && parts[0] == "blocks" ? String(parts[2]) : nil
  }
}

extension [String] {
  fileprivate var uniqued: [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}
