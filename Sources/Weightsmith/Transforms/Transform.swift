import SmithBytes
import SmithModels
import SmithTensors

/// A change of one property of a model (DESIGN §1), as a value that composes with others.
public struct Transform: Sendable {
  /// What it does, for messages.
  public let name: String
  let apply: @Sendable (Parameters, any TensorSource) throws(SmithError) -> Parameters

  /// One of your own: recipes in, recipes out. The source is there for what must be looked at first.
  public init(
    name: String,
    apply: @escaping @Sendable (Parameters, any TensorSource) throws(SmithError) -> Parameters
  ) {
    self.name = name
    self.apply = apply
  }

  /// One that needs to know no weight.
  public init(
    name: String, apply: @escaping @Sendable (Parameters) throws(SmithError) -> Parameters
  ) {
    self.init(name: name) { parameters, _ throws(SmithError) in try apply(parameters) }
  }

  /// Shared blocks become own blocks, one for each depth. The same numbers, so the same model.
  public static let unshare = Transform(name: "unshare") { parameters throws(SmithError) in
    let layout = Unsharing.Layout.allCases.first { layout in
      guard
        let formula = Families.named(parameters.configuration.family)?.dialect(parameters.dialect)?
          .schedule
      else { return true }
      let sizes = Unsharing(layout: layout).applied(to: parameters).configuration.sizes
      let schedule = formula.schedule(
        layers: sizes[.layers] ?? 1, groups: sizes[.groups] ?? 1, inner: sizes[.innerBlocks] ?? 1)
      return schedule == Array(schedule.indices)
    }
    return Unsharing(layout: layout ?? .innerBlocks).applied(to: parameters)
  }

  /// Quantized parameters are stored as plain numbers: the values that their codes stand for.
  public static let dequantize = Transform(name: "dequantize") { parameters throws(SmithError) in
    var result = parameters
    result.schemes = [:]
    return result
  }

  /// Matrices are stored by a scheme of `Schemes`; norms, biases and position tables, and what `keep` matches, stay as they are.
  public static func quantize(
    _ scheme: any QuantizationScheme, keeping keep: [Glob] = []
  ) -> Transform {
    Transform(name: "quantize \(scheme.name)") { parameters throws(SmithError) in
      try Quantization(scheme: scheme, keep: keep).applied(to: parameters)
    }
  }

  /// The same for a scheme known by name at the call site: `.quantize(.q8_0)`.
  public static func quantize<Scheme: QuantizationScheme>(
    _ scheme: Scheme, keeping keep: [Glob] = []
  ) -> Transform {
    let chosen: any QuantizationScheme = scheme
    return quantize(chosen, keeping: keep)
  }
}

/// Chooses which parameters a scheme encodes.
struct Quantization {
  let scheme: any QuantizationScheme
  let keep: [Glob]

  /// Never quantized by default, whatever the scheme: their error is not averaged out, and they are small.
  static let kept = ["embeddings.position", "embeddings.tokenType"]

  /// `.refused` when the scheme takes no matrix at all: the output would be the input under a false name.
  func applied(to parameters: Parameters) throws(SmithError) -> Parameters {
    var result = parameters
    var taken = false
    for (name, recipe) in parameters.recipes where takes(name, recipe) {
      result.schemes[name] = scheme.name
      taken = true
    }
    guard taken else { throw refusal(parameters) }
    return result
  }

  private func refusal(_ parameters: Parameters) -> SmithError {
    var reason = "every matrix is kept"
    for (name, recipe) in parameters.recipes where isCandidate(name, recipe) {
      do throws(SmithError) { _ = try scheme.components(shape: recipe.shape) } catch {
        reason = error.detail
      }
    }
    return SmithError(
      .refused, "\(scheme.name) takes no matrix of this model: \(reason)",
      remedy: "another --scheme")
  }

  private func takes(_ name: String, _ recipe: Recipe) -> Bool {
    isCandidate(name, recipe) && (try? scheme.components(shape: recipe.shape)) != nil
  }

  private func isCandidate(_ name: String, _ recipe: Recipe) -> Bool {
    recipe.shape.count == 2 && recipe.dtype.isFloat && !Self.kept.contains(name)
      && !keep.contains { $0.matches(name) }
  }
}
