import SmithBytes
import SmithTensors

/// bitsandbytes in four bits (formats §11.1): `W` u8 [n/2, 1], `W.absmax`, `W.quant_map` and a state, JSON text in bytes, that says type, block
/// size and shape; with double quantization `W.nested_absmax` and `W.nested_quant_map` too.
struct BitsAndBytesLayout: StoredLayout {
  let name = "bitsandbytes"
  let marks = [".quant_state.bitsandbytes__nf4", ".quant_state.bitsandbytes__fp4"]

  func matrix(
    _ stem: String, mark: String, in tensors: LaidOutTensors
  ) throws(SmithError) -> LaidOutMatrix? {
    let state = try state(stem + mark, tensors)
    let kind = mark.hasSuffix("nf4") ? "nf4" : "fp4"
    let shape = (state["shape"]?.arrayValue ?? []).compactMap(\.intValue)
    guard let block = state["blocksize"]?.intValue, block > 0, block % 2 == 0, !shape.isEmpty,
      shape.count == state["shape"]?.arrayValue?.count
    else { throw SmithError(.malformed, "no block size or shape in its state") }
    let count = try shape.elementCount()
    guard let codes = tensors.shape(stem, [.u8]), try codes.elementCount() * 2 == count,
      count % block == 0, count > 0
    else {
      throw SmithError(
        .mismatch, "\(stem) does not hold the \(shape) of its state in blocks of \(block)")
    }
    // Blocks run through the tensor whatever its rows are.
    let isByRow = shape.count == 2 && shape[1] % block == 0
    let matrix = isByRow ? shape : [1, count]
    let scales = [matrix[0], matrix[1] / block]
    var parts = [tensors.recipe(stem, .u8, shape: [matrix[0], matrix[1] / 2])]
    let (absmax, map) = ("\(stem).absmax", "\(stem).quant_map")
    var names = [stem, stem + mark, absmax, map]
    _ = try tensors.required(map, [.f32], rank: 1)
    guard tensors.info(absmax)?.elementCount == scales[0] * scales[1] else {
      throw SmithError(.mismatch, "\(absmax) is not one for each of \(count / block) blocks")
    }
    var scheme = kind + (block == 64 ? "" : "-g\(block)")
    if tensors.dtype(absmax) == .u8 {
      let nested = try nested(stem, state, tensors)
      parts += [tensors.recipe(absmax, shape: scales), tensors.recipe(map)] + nested.parts
      names += nested.names
      scheme += "-dq"
    } else {
      _ = try tensors.required(absmax, [.f32], rank: tensors.info(absmax)?.shape.count ?? 1)
      parts += [tensors.recipe(absmax, shape: scales), tensors.recipe(map)]
    }
    var recipe = try LaidOutMatrix.decoding(scheme, shape: matrix, parts)
    if matrix != shape { recipe = .reshape(recipe, shape: shape) }
    if let type = Self.types[state["dtype"]?.stringValue ?? ""] { recipe = .cast(recipe, to: type) }
    return LaidOutMatrix(name: stem, recipe: recipe, tensors: names)
  }

  /// What values are rounded to; f32 needs no step.
  private static let types: [String: DType] = ["bfloat16": .bf16, "float16": .f16]

  private func state(_ name: String, _ tensors: LaidOutTensors) throws(SmithError) -> JSONObject {
    guard let bytes = try? tensors.bytes(name), let object = try? JSON.parse(bytes).objectValue
    else { throw SmithError(.malformed, "its state is no JSON object") }
    return object
  }

  private func nested(
    _ stem: String, _ state: JSONObject, _ tensors: LaidOutTensors
  ) throws(SmithError) -> (parts: [Recipe], names: [String]) {
    let (absmax, map) = ("\(stem).nested_absmax", "\(stem).nested_quant_map")
    guard state["nested_blocksize"]?.intValue == 256,
      let offset = state["nested_offset"]?.doubleValue
    else {
      throw SmithError(.unsupported, "scales of scales in blocks of other than 256, or no offset")
    }
    _ = try tensors.required(map, [.f32], rank: 1)
    _ = try tensors.required(absmax, [.f32], rank: 1)
    let constant = ComputedValues([Float(offset)], shape: [1], sources: [])
    return (
      [tensors.recipe(map), tensors.recipe(absmax), .computed(constant)], [absmax, map]
    )
  }
}

/// bitsandbytes in eight bits: `X.weight` i8 [out, in] and `X.SCB` f32 [out], the largest magnitude of each row: a weight is
/// code · SCB / 127, rounded twice.
struct BitsAndBytesInt8Layout: StoredLayout {
  let name = "bitsandbytes"
  let marks = [".SCB"]

  func matrix(
    _ stem: String, mark: String, in tensors: LaidOutTensors
  ) throws(SmithError) -> LaidOutMatrix? {
    let (weight, format) = ("\(stem).weight", "\(stem).weight_format")
    let shape = try tensors.required(weight, [.i8], rank: 2)
    guard try tensors.required(stem + mark, [.f32], rank: 1) == [shape[0]] else {
      throw SmithError(.mismatch, "it is not one scale for each of \(shape[0]) rows")
    }
    var names = [weight, stem + mark]
    if tensors.info(format) != nil {
      guard try tensors.bytes(format).allSatisfy({ $0 == 0 }) else {
        throw SmithError(.unsupported, "its rows are in the order of some GPU")
      }
      names.append(format)
    }
    let recipe = try LaidOutMatrix.decoding(
      RowPeaks().name, shape: shape,
      [tensors.recipe(weight), tensors.recipe(stem + mark, shape: [shape[0], 1])])
    return LaidOutMatrix(name: weight, recipe: recipe, tensors: names)
  }
}
