import SmithBytes
import SmithModels
import SmithTensors

/// Ways to choose codes by what the layers read on a calibration input.
extension Transform {
  /// Matrices are stored by an affine scheme with the codes that GPTQ chooses on the calibration input.
  ///
  /// `.refused` for a matrix that is stored by a scheme already, or has a value that is not finite, and for a model whose forward pass does not
  /// say what its layers read.
  public static func gptq(
    _ scheme: AffineScheme, on calibration: Calibration, keeping keep: [Glob] = [],
    layout: String? = nil,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) -> Transform {
    Transform(name: "gptq \(scheme.name)") { parameters, source throws(SmithError) in
      try CalibratedRounding(
        scheme: scheme, keep: keep, layout: layout, calibration: calibration, source: source,
        progress: progress
      ).applied(to: parameters)
    }
  }

  /// Matrices are stored by a scheme of ggml that takes importance: columns count by the mean square of what they read on the calibration
  /// input, which is what `llama-imatrix` gathers.
  ///
  /// `.refused` for a scheme that takes none, and as `quantize` does.
  public static func quantize(
    _ scheme: any QuantizationScheme, importanceOn calibration: Calibration,
    keeping keep: [Glob] = [], layout: String? = nil
  ) -> Transform {
    Transform(name: "quantize \(scheme.name)") { parameters, source throws(SmithError) in
      let statistics = try calibration.statistics(
        of: parameters, source, for: { $0 != Quantization.words })
      guard !statistics.isEmpty else { throw Calibration.nothingRead(by: parameters) }
      let weights = ImportanceWeights(statistics.mapValues(\.meanSquares))
      return try Quantization(
        scheme: scheme, keep: keep, importance: weights, layout: layout.flatMap(Layouts.writing)
      ).applied(to: parameters)
    }
  }

  /// Activation-aware rounding: channels that carry more are rounded finer, where their factors can be folded away exactly.
  public static func awq(
    _ scheme: any QuantizationScheme, on calibration: Calibration, keeping keep: [Glob] = [],
    layout: String? = nil
  ) -> Transform { scaling(.awq, scheme, calibration, keep, layout) }

  /// Factors that move what is hard to round from activations into weights, where they can be folded away exactly.
  public static func smoothQuant(
    _ scheme: any QuantizationScheme, on calibration: Calibration, keeping keep: [Glob] = [],
    layout: String? = nil
  ) -> Transform { scaling(.smooth, scheme, calibration, keep, layout) }

  private static func scaling(
    _ rule: ChannelScaling.Rule, _ scheme: any QuantizationScheme, _ calibration: Calibration,
    _ keep: [Glob], _ layout: String?
  ) -> Transform {
    Transform(name: "\(rule.name) \(scheme.name)") { parameters, source throws(SmithError) in
      for (name, recipe) in parameters.recipes where recipe.storedScheme != nil {
        throw SmithError(
          .refused, "it is stored as \(recipe.storedScheme ?? "") already", at: Place(item: name),
          remedy: "the original model")
      }
      let scaled = try ChannelScaling(
        rule: rule, scheme: scheme, calibration: calibration, source: source
      ).applied(to: parameters)
      return try Quantization(
        scheme: scheme, keep: keep, layout: layout.flatMap(Layouts.writing)
      ).applied(to: scaled)
    }
  }
}
