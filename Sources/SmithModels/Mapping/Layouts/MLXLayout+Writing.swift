import SmithBytes
import SmithTensors

extension MLXLayout: WritingLayout {
  public var held: String {
    "int2, int3, int4, int5, int6 and int8 with -g32, -g64 or -g128, as -bias"
  }
  public var takesEmbeddings: Bool { true }

  public func form(of scheme: any QuantizationScheme) -> (any QuantizationScheme)? {
    guard let scheme = scheme as? AffineScheme, scheme.bits != 7, !scheme.searches,
      let size = scheme.groupSize, AffineScheme.groupSizes.contains(size), !scheme.isOrdered
    else { return nil }
    return AffineScheme(
      bits: scheme.bits, granularity: scheme.granularity, zero: .bias, scaleType: scheme.scaleType)
  }

  public func outputs(
    _ stem: String, _ scheme: any QuantizationScheme, shape: [Int], parts: [Recipe]
  ) -> [Plan.Output] {
    [
      Plan.Output(name: "\(stem).weight", recipe: parts[0].codes(.view(.u32))),
      Plan.Output(name: "\(stem).scales", recipe: parts[1]),
      Plan.Output(name: "\(stem).biases", recipe: parts[2]),
    ]
  }

  /// The most frequent size and width for all, and an entry for each layer that has another.
  public func configuration(of matrices: [WrittenMatrix]) -> JSONObject {
    var counts: [String: Int] = [:]
    for matrix in matrices { counts[matrix.scheme, default: 0] += 1 }
    let usual = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
    var entry = Self.entry(usual)
    for matrix in matrices where matrix.scheme != usual {
      entry[matrix.stem] = .object(Self.entry(matrix.scheme))
    }
    return ["quantization": .object(entry), "quantization_config": .object(entry)]
  }

  private static func entry(_ name: String) -> JSONObject {
    let scheme = Schemes.named(name) as? AffineScheme
    return [
      "group_size": .integer(scheme?.groupSize ?? 64), "bits": .integer(scheme?.bits ?? 4),
      "mode": "affine",
    ]
  }
}
