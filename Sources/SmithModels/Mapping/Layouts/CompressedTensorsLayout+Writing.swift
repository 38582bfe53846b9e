import SmithBytes
import SmithTensors

extension CompressedTensorsLayout: WritingLayout {
  public var held: String {
    "int8 (also -channel, -g, -asym but for one zero per tensor), int2 ... int7 with -channel or -g, fp8-e4m3 and fp8-e4m3-tensor"
  }

  public func form(of scheme: any QuantizationScheme) -> (any QuantizationScheme)? {
    if let scheme = scheme as? LevelScheme {
      return ["fp8-e4m3", "fp8-e4m3-tensor"].contains(scheme.name) ? scheme : nil
    }
    guard let scheme = scheme as? AffineScheme, scheme.zero != .bias, !scheme.isOrdered,
      scheme.granularity != .tensor || (scheme.bits == 8 && scheme.zero == .symmetric)
    else { return nil }
    return scheme
  }

  public func outputs(
    _ stem: String, _ scheme: any QuantizationScheme, shape: [Int], parts: [Recipe]
  ) -> [Plan.Output] {
    let scale = Plan.Output(name: "\(stem).weight_scale", recipe: parts[1])
    guard let integers = scheme as? AffineScheme else {
      return [Plan.Output(name: "\(stem).weight", recipe: parts[0]), scale]
    }
    let zeros = integers.zero == .code ? parts[2] : nil
    guard integers.isPacked else {
      func signed(_ codes: Recipe) -> Recipe { codes.codes(.add(128, bits: 8), .view(.i8)) }
      let codes = zeros == nil ? parts[0] : signed(parts[0])
      return [Plan.Output(name: "\(stem).weight", recipe: codes), scale]
        + (zeros.map { [Plan.Output(name: "\(stem).weight_zero_point", recipe: signed($0))] } ?? [])
    }
    let bits = integers.bits
    // Rows are filled up to words, so the columns stand beside them.
    let words = parts[0].codes(
      .unpack(bits: bits, columns: shape[1], order: .stream), .pack(bits: bits, wordBytes: 4),
      .view(.i32))
    let size = Recipe.integers(shape)
    let packedZeros = zeros.map { zeros in
      Plan.Output(
        name: "\(stem).weight_zero_point",
        recipe: .transpose(
          Recipe.transpose(zeros).codes(.pack(bits: bits, wordBytes: 4), .view(.i32))))
    }
    return [
      Plan.Output(name: "\(stem).weight_packed", recipe: words), scale,
      Plan.Output(name: "\(stem).weight_shape", recipe: size),
    ] + (packedZeros.map { [$0] } ?? [])
  }

  /// A group for each scheme, with its matrices as patterns: whatever class of the library holds them, with its own scope or without.
  public func configuration(of matrices: [WrittenMatrix]) -> JSONObject {
    var groups = JSONObject()
    let schemes = Set(matrices.map(\.scheme)).sorted()
    for (index, name) in schemes.enumerated() {
      let stems = matrices.filter { $0.scheme == name }.map(\.stem).sorted()
      groups["group_\(index)"] = [
        "targets": .array(stems.map { .string(Self.pattern($0)) }),
        "format": .string(Self.format(name)), "weights": .object(Self.arguments(name)),
        "input_activations": .null, "output_activations": .null,
      ]
    }
    let formats = Set(schemes.map(Self.format)).sorted()
    let entry: JSON = [
      "quant_method": "compressed-tensors",
      "format": .string(formats.count == 1 ? formats[0] : "mixed-precision"),
      "quantization_status": "compressed", "config_groups": .object(groups), "ignore": .array([]),
    ]
    return ["quantization_config": entry]
  }

  private static func pattern(_ stem: String) -> String {
    let parts = stem.split(separator: ".")
    let inner = parts.count > 2 ? parts.dropFirst() : parts[...]
    return "re:(.*\\.)?" + inner.joined(separator: "\\.") + "$"
  }

  private static func format(_ scheme: String) -> String {
    guard let integers = Schemes.named(scheme) as? AffineScheme else { return "float-quantized" }
    return integers.isPacked ? "pack-quantized" : "int-quantized"
  }

  private static func arguments(_ name: String) -> JSONObject {
    let integers = Schemes.named(name) as? AffineScheme
    let granularity = integers?.granularity ?? (name.hasSuffix("-tensor") ? .tensor : .channel)
    let strategy =
      switch granularity {
      case .tensor: "tensor"
      case .channel: "channel"
      case .group: "group"
      }
    return [
      "num_bits": .integer(integers?.bits ?? 8),
      "type": .string(integers == nil ? "float" : "int"),
      "symmetric": .bool(integers?.zero != .code), "strategy": .string(strategy),
      "group_size": integers?.groupSize.map(JSON.integer) ?? .null, "dynamic": false,
    ]
  }
}
