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

  /// Matrices are stored by a scheme of `Schemes`; norms, biases and position tables, and what `keep` matches, stay as they are. A matrix
  /// whose rows the scheme cannot hold is stored by the scheme's substitute, with a note, or stays as it is, with a note.
  ///
  /// `.refused` for a parameter that is stored by another scheme already, unless `requantizing`: its error would be that of both; with
  /// `importance`, for a scheme that takes none.
  /// A value that is no finite number is refused when it is met, unless `allowingNonfinite`: then NaN becomes 0, and an
  /// infinity the largest finite magnitude of its row. With `importance`, `.refused` for a scheme that takes none.
  public static func quantize(
    _ scheme: any QuantizationScheme, keeping keep: [Glob] = [], requantizing: Bool = false,
    allowingNonfinite: Bool = false, importance: ImportanceWeights? = nil
  ) -> Transform {
    Transform(name: "quantize \(scheme.name)") { parameters throws(SmithError) in
      try Quantization(
        scheme: scheme, keep: keep, requantizes: requantizing, importance: importance,
        allowsNonfinite: allowingNonfinite
      ).applied(to: parameters)
    }
  }

  /// The same for a scheme known by name at the call site: `.quantize(.q8_0)`.
  public static func quantize<Scheme: QuantizationScheme>(
    _ scheme: Scheme, keeping keep: [Glob] = [], requantizing: Bool = false,
    importance: ImportanceWeights? = nil
  ) -> Transform {
    let chosen: any QuantizationScheme = scheme
    return quantize(chosen, keeping: keep, requantizing: requantizing, importance: importance)
  }

  /// All parameters in another element type.
  public static func cast(to dtype: DType) -> Transform {
    Transform(name: "cast \(dtype.rawValue)") { parameters throws(SmithError) in
      var result = parameters
      for (name, recipe) in parameters.recipes where recipe.dtype.isFloat && recipe.dtype != dtype {
        result.recipes[name] = .cast(recipe, to: dtype)
      }
      result.schemes = [:]
      return result
    }
  }

  /// The matrices that a scheme would take, in a narrower element type; everything else stays as it is.
  public static func narrow(to dtype: DType, keeping keep: [Glob] = []) -> Transform {
    Transform(name: "quantize \(dtype.rawValue)") { parameters throws(SmithError) in
      var result = parameters
      for (name, recipe) in parameters.recipes
      where Quantization.isCandidate(name, recipe, keeping: keep) && recipe.dtype != dtype {
        result.recipes[name] = .cast(recipe, to: dtype)
        result.schemes[name] = nil
      }
      return result
    }
  }
}
