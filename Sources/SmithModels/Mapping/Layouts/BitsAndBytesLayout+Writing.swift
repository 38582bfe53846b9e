import SmithBytes
import SmithTensors

extension BitsAndBytesLayout: WritingLayout {
  public var held: String { "nf4, fp4, nf4-dq, fp4-dq and int8-channel" }

  public func form(of scheme: any QuantizationScheme) -> (any QuantizationScheme)? {
    if scheme is RowPeaks { return scheme }
    if let integers = scheme as? AffineScheme {
      return integers == .int8PerChannel ? RowPeaks() : nil
    }
    guard let scheme = scheme as? LevelScheme, scheme.levels.isStored else { return nil }
    return scheme
  }

  public func outputs(
    _ stem: String, _ scheme: any QuantizationScheme, shape: [Int], parts: [Recipe]
  ) -> [Plan.Output] {
    if scheme is RowPeaks {
      let rowMajor = ChosenBytes([0], dtype: .u8, shape: [], sources: [])
      return [
        Plan.Output(name: "\(stem).weight", recipe: parts[0]),
        Plan.Output(name: "\(stem).SCB", recipe: parts[1].reshaped(to: [shape[0]])),
        Plan.Output(name: "\(stem).weight_format", recipe: .chosen(rowMajor)),
      ]
    }
    guard let scheme = scheme as? LevelScheme, case .group(let block) = scheme.granularity else {
      return []
    }
    let (count, weight) = (shape[0] * shape[1], "\(stem).weight")
    let kind = scheme.levels.name
    let start =
      "{\"quant_type\": \"\(kind)\", \"blocksize\": \(block), \"dtype\": \"float32\", "
      + "\"shape\": [\(shape[0]), \(shape[1])]"
    let state: Recipe =
      scheme.isNested
      ? .text(
        start + ", \"nested_blocksize\": 256, \"nested_dtype\": \"float32\", \"nested_offset\": ",
        number: parts[5], "}")
      : .text(start + "}", number: nil, "")
    var outputs = [
      Plan.Output(name: weight, recipe: parts[0].reshaped(to: [count / 2, 1])),
      Plan.Output(name: "\(weight).absmax", recipe: parts[1].reshaped(to: [count / block])),
      Plan.Output(name: "\(weight).quant_map", recipe: parts[2]),
      Plan.Output(name: "\(weight).quant_state.bitsandbytes__\(kind)", recipe: state),
    ]
    if scheme.isNested {
      outputs += [
        Plan.Output(name: "\(weight).nested_absmax", recipe: parts[4]),
        Plan.Output(name: "\(weight).nested_quant_map", recipe: parts[3]),
      ]
    }
    return outputs
  }

  public func configuration(of matrices: [WrittenMatrix]) -> JSONObject {
    if matrices.first?.scheme == RowPeaks().name {
      return [
        "quantization_config": [
          "quant_method": "bitsandbytes", "load_in_8bit": true, "load_in_4bit": false,
          "llm_int8_threshold": 6.0, "llm_int8_has_fp16_weight": false,
        ]
      ]
    }
    let scheme = matrices.first.flatMap { Schemes.named($0.scheme) as? LevelScheme }
    let entry: JSON = [
      "quant_method": "bitsandbytes", "load_in_4bit": true, "load_in_8bit": false,
      "bnb_4bit_quant_type": .string(scheme?.levels.name ?? "nf4"),
      "bnb_4bit_use_double_quant": .bool(scheme?.isNested ?? false),
      "bnb_4bit_compute_dtype": "float32", "bnb_4bit_quant_storage": "uint8",
    ]
    return ["quantization_config": entry]
  }
}
