import SmithBytes
import SmithTensors

/// The classic format, whose kernels take scales of f16: codes turned, zeros less one.
extension GPTQLayout: WritingLayout {
  public var held: String { "int2, int3, int4 and int8 with -channel or -g, symmetric or -asym" }

  public var isUniform: Bool { true }

  public func form(of scheme: any QuantizationScheme) -> (any QuantizationScheme)? {
    guard let scheme = scheme as? AffineScheme, [2, 3, 4, 8].contains(scheme.bits),
      scheme.granularity != .tensor, scheme.zero != .bias, !scheme.isOrdered
    else { return nil }
    return AffineScheme(
      bits: scheme.bits, granularity: scheme.granularity, zero: scheme.zero, scaleType: .f16,
      searches: scheme.searches)
  }

  public func holds(_ shape: [Int], by scheme: any QuantizationScheme) -> Bool {
    guard let scheme = scheme as? AffineScheme, shape.count == 2 else { return false }
    return shape.allSatisfy { $0 * scheme.bits % 32 == 0 }
  }

  public func outputs(
    _ stem: String, _ scheme: any QuantizationScheme, shape: [Int], parts: [Recipe]
  ) -> [Plan.Output] {
    guard let scheme = scheme as? AffineScheme else { return [] }
    let (bits, outputs, inputs) = (scheme.bits, shape[0], shape[1])
    let groups = inputs / scheme.groupLength(columns: inputs)
    var codes = parts[0]
    // Signed bytes count from -128.
    if codes.dtype == .i8 { codes = codes.codes(.view(.u8), .add(128, bits: 8)) }
    let zeros =
      scheme.zero == .code
      ? Recipe.transpose(parts[2])
      : Recipe.zeros(shape: [groups, outputs / 4])
        .codes(.view(.u8), .add(1 << (bits - 1), bits: bits))
    let order = Recipe.places(count: inputs, each: inputs / groups)
    return [
      Plan.Output(name: "\(stem).qweight", recipe: .transpose(codes.codes(.view(.i32)))),
      Plan.Output(
        name: "\(stem).qzeros",
        recipe: zeros.codes(
          .add(-1, bits: bits), .pack(bits: bits, wordBytes: 4), .view(.i32))),
      Plan.Output(name: "\(stem).scales", recipe: .transpose(parts[1])),
      Plan.Output(name: "\(stem).g_idx", recipe: order),
    ]
  }

  public func configuration(of matrices: [WrittenMatrix]) -> JSONObject {
    let schemes = matrices.compactMap { Schemes.named($0.scheme) as? AffineScheme }
    let first = schemes.first
    let entry: JSON = [
      "quant_method": "gptq", "bits": .integer(first?.bits ?? 4),
      "group_size": .integer(first?.groupSize ?? -1), "desc_act": false,
      "sym": .bool(first?.zero == .symmetric), "checkpoint_format": "gptq", "lm_head": false,
      "modules_in_block_to_quantize": .null,
    ]
    return ["quantization_config": entry]
  }
}
