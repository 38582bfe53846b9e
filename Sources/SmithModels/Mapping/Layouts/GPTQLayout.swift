import SmithBytes
import SmithTensors

/// GPTQ (formats §11.2): `X.qweight` i32 [in·b/32, out] packed along the inputs, `X.qzeros` i32 [groups, out·b/32], `X.scales` f16
/// [groups, out], and perhaps `X.g_idx` i32 [in], the group of each input. Turned, the codes are the stream of our own components.
struct GPTQLayout: StoredLayout {
  let name = "gptq"
  let marks = [".qweight"]

  static let words: [DType] = [.i32, .u32]
  static let scaleTypes: [DType] = [.f16, .bf16, .f32]

  func matrix(
    _ stem: String, mark: String, in tensors: LaidOutTensors
  ) throws(SmithError) -> LaidOutMatrix? {
    let codes = try tensors.required(stem + mark, Self.words, rank: 2)
    let scales = try tensors.required("\(stem).scales", Self.scaleTypes, rank: 2)
    let (groups, outputs) = (scales[0], scales[1])
    // AWQ packs along the outputs.
    guard codes[1] == outputs else {
      if codes[1].multipliedReportingOverflow(by: 8) == (outputs, false) { return nil }
      throw SmithError(.mismatch, "\(codes) for scales \(scales)")
    }
    let zeros = try tensors.required("\(stem).qzeros", Self.words, rank: 2)
    let (bits, inputs) = try sizes(codes, zeros, groups: groups, outputs: outputs)
    if let said = tensors.settings["bits"]?.intValue, said != bits {
      throw SmithError(.mismatch, "\(bits) bits by the shapes, \(said) by the configuration")
    }
    let order = try order(stem, inputs: inputs, groups: groups, tensors)
    // The classic format stores one less than the zero, which v2 repaired.
    let isSecond = tensors.settings["checkpoint_format"]?.stringValue == "gptq_v2"
    let scaleType = tensors.dtype("\(stem).scales")
    var size = "-channel"
    if groups > 1 { size = "-g\((inputs + groups - 1) / groups)" }
    let scheme =
      "int\(bits)\(size)-asym\(scaleType.scaleSuffix)\(order == nil ? "" : "-ordered")"
    let turned = Recipe.transpose(tensors.recipe(stem + mark, .i32))
    let unpacked = tensors.recipe("\(stem).qzeros", .i32)
      .codes(
        .unpack(bits: bits, columns: outputs, order: .stream), .add(isSecond ? 0 : 1, bits: bits))
    var parts: [Recipe] = [
      turned.codes(.view(.u8)), .transpose(tensors.recipe("\(stem).scales")), .transpose(unpacked),
    ]
    if let order { parts.append(tensors.recipe(order)) }
    var names = [stem + mark, "\(stem).scales", "\(stem).qzeros"]
    if tensors.info("\(stem).g_idx") != nil { names.append("\(stem).g_idx") }
    return LaidOutMatrix(
      name: "\(stem).weight",
      recipe: try LaidOutMatrix.decoding(scheme, shape: [outputs, inputs], parts), tensors: names)
  }

  private func sizes(
    _ codes: [Int], _ zeros: [Int], groups: Int, outputs: Int
  ) throws(SmithError) -> (bits: Int, inputs: Int) {
    let zeroBits = try zeros[1].multiplied(checked: 32)
    let codeBits = try codes[0].multiplied(checked: 32)
    guard groups > 0, outputs > 0, zeros[0] == groups, zeroBits % outputs == 0,
      [2, 3, 4, 8].contains(zeroBits / outputs), codeBits % (zeroBits / outputs) == 0
    else {
      throw SmithError(
        .mismatch, "\(codes), zeros \(zeros) and scales [\(groups), \(outputs)] are of no bits")
    }
    let bits = zeroBits / outputs
    guard codeBits / bits >= groups else {
      throw SmithError(.mismatch, "\(groups) groups of \(codeBits / bits) inputs")
    }
    return (bits, codeBits / bits)
  }

  /// The tensor with the group of each input; nil where groups are as many inputs in a row each.
  private func order(
    _ stem: String, inputs: Int, groups: Int, _ tensors: LaidOutTensors
  ) throws(SmithError) -> String? {
    let name = "\(stem).g_idx"
    guard tensors.info(name) != nil else {
      if inputs % groups == 0 { return nil }
      throw SmithError(.missing, "\(inputs) inputs in \(groups) groups need \(name)")
    }
    guard try tensors.required(name, [.i32], rank: 1) == [inputs] else {
      throw SmithError(.mismatch, "\(name) is not one group for each of \(inputs) inputs")
    }
    let bytes = try tensors.bytes(name)
    var isPlain = inputs % groups == 0
    for index in 0..<inputs {
      let group = bytes.withUnsafeBytes {
        Int(Int32(littleEndian: $0.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)))
      }
      guard (0..<groups).contains(group) else {
        throw SmithError(.mismatch, "\(name) puts input \(index) into group \(group) of \(groups)")
      }
      if isPlain, group != index / (inputs / groups) { isPlain = false }
    }
    return isPlain ? nil : name
  }
}
