import SmithBytes
import SmithModels
import SmithTensors

extension Transform {
  /// Matrices are stored by a scheme of ggml that takes importance: columns count by the mean square of what they read on the calibration
  /// input, which is what `llama-imatrix` gathers.
  ///
  /// `.refused` for a scheme that takes none, and as `quantize` does.
  public static func quantize(
    _ scheme: any QuantizationScheme, importanceOn calibration: Calibration,
    keeping keep: [Glob] = []
  ) -> Transform {
    Transform(name: "quantize \(scheme.name)") { parameters, source throws(SmithError) in
      let statistics = try calibration.statistics(
        of: parameters, source, for: { $0 != "embeddings.word" })
      let weights = ImportanceWeights(statistics.mapValues(\.meanSquares))
      return try Quantization(scheme: scheme, keep: keep, importance: weights)
        .applied(to: parameters)
    }
  }
}
