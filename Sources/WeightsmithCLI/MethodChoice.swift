import ArgumentParser
import Weightsmith

/// `--method`: how the codes of a scheme are chosen.
enum MethodChoice: String, CaseIterable, ExpressibleByArgument {
  case rounding, gptq, awq, smoothquant, importance

  static let names = allCases.map(\.rawValue).joined(separator: ", ")

  /// For all but plain rounding. `.usage` for a choice that the method makes no codes for.
  func transform(
    _ choice: EncodingChoice, on calibration: Calibration, keeping keep: [Glob],
    layout: String?, progress: @escaping @Sendable (Progress) -> Void
  ) throws(SmithError) -> Transform {
    guard case .scheme(let scheme) = choice else {
      throw SmithError(.usage, "--method \(rawValue): \(choice.name) has no codes to choose")
    }
    switch self {
    case .rounding: return .quantize(scheme, keeping: keep)
    case .awq: return .awq(scheme, on: calibration, keeping: keep, layout: layout)
    case .smoothquant: return .smoothQuant(scheme, on: calibration, keeping: keep, layout: layout)
    case .importance:
      return .quantize(scheme, importanceOn: calibration, keeping: keep, layout: layout)
    case .gptq:
      guard let affine = scheme as? AffineScheme else {
        throw SmithError(
          .usage, "--method gptq: it chooses integer codes, not those of \(choice.name)",
          remedy: "int2 ... int8 with -channel, -g32, -g64 or -g128")
      }
      return .gptq(affine, on: calibration, keeping: keep, layout: layout, progress: progress)
    }
  }
}
