import SmithBytes
import SmithTensors

/// AWQ's GEMM packing (formats §11.3): `X.qweight` i32 [in, out/8], `X.qzeros` i32 [groups, out/8], `X.scales` f16 [groups, out]; four
/// bits, eight outputs to a word in an order of their own.
struct AWQLayout: StoredLayout {
  let name = "awq"
  let marks = [".qweight"]

  func matrix(
    _ stem: String, mark: String, in tensors: LaidOutTensors
  ) throws(SmithError) -> LaidOutMatrix? {
    let codes = try tensors.required(stem + mark, GPTQLayout.words, rank: 2)
    let scales = try tensors.required("\(stem).scales", GPTQLayout.scaleTypes, rank: 2)
    let zeros = try tensors.required("\(stem).qzeros", GPTQLayout.words, rank: 2)
    let (inputs, groups, outputs) = (codes[0], scales[0], scales[1])
    if let version = tensors.settings["version"]?.stringValue, version.lowercased() != "gemm" {
      throw SmithError(.unsupported, "AWQ's \(version) packing is not read, only its gemm")
    }
    guard groups > 0, zeros == [groups, codes[1]], inputs % groups == 0,
      codes[1].multipliedReportingOverflow(by: 8) == (outputs, false)
    else {
      throw SmithError(
        .mismatch, "\(codes), zeros \(zeros) and scales \(scales) do not go together")
    }
    let unpack = CodeStep.unpack(bits: 4, columns: outputs, order: .interleaved)
    let turned = Recipe.transpose(tensors.recipe(stem + mark, .i32).codes(unpack))
    let scheme =
      "int4" + (groups == 1 ? "-channel" : "-g\(inputs / groups)") + "-asym"
      + tensors.dtype("\(stem).scales").scaleSuffix
    return LaidOutMatrix(
      name: "\(stem).weight",
      recipe: try LaidOutMatrix.decoding(
        scheme, shape: [outputs, inputs],
        [
          turned.codes(.pack(bits: 4, wordBytes: 1)),
          .transpose(tensors.recipe("\(stem).scales")),
          .transpose(tensors.recipe("\(stem).qzeros", .i32).codes(unpack)),
        ]),
      tensors: [stem + mark, "\(stem).scales", "\(stem).qzeros"])
  }
}
