import SmithBytes
import SmithTensors

/// MLX (formats §9): `X.weight` u32 [out, in·b/32], a stream of codes per row, with `X.scales` and `X.biases` [out, groups], or with
/// `X.scales` as bytes for its modes of small floats. Group size, bits and mode stand in config.json.
struct MLXLayout: StoredLayout {
  let name = "mlx"
  let marks = [".scales"]

  func matrix(
    _ stem: String, mark: String, in tensors: LaidOutTensors
  ) throws(SmithError) -> LaidOutMatrix? {
    let weight = "\(stem).weight"
    guard let codes = tensors.shape(weight, [.u32], rank: 2),
      let scales = tensors.shape(stem + mark, [.f16, .bf16, .f32, .u8], rank: 2)
    else { return nil }
    // Without a configuration they are tensors like others.
    if tensors.settings.isEmpty { return nil }
    let own = tensors.settings[stem]?.objectValue ?? tensors.settings
    guard let size = own["group_size"]?.intValue, let bits = own["bits"]?.intValue else {
      throw SmithError(
        .missing, "the shapes alone do not say its group size and bits",
        remedy: "config.json with \"quantization\" beside it")
    }
    guard codes[0] == scales[0], (2...8).contains(bits), size > 0,
      try codes[1].multiplied(checked: 32)
        == scales[1].multiplied(checked: size).multiplied(checked: bits)
    else {
      throw SmithError(
        .mismatch, "\(codes) and scales \(scales) are not \(bits) bits in groups of \(size)")
    }
    let mode = own["mode"]?.stringValue ?? "affine"
    let place = Sizes(
      stem: stem, rows: codes[0], columns: scales[1] * size, bytes: codes[1] * 4, size: size,
      bits: bits)
    let recipe =
      mode == "affine"
      ? try affine(place, tensors) : try floats(place, mode: mode, tensors)
    var names = [weight, stem + mark]
    if mode == "affine" { names.append("\(stem).biases") }
    return LaidOutMatrix(name: weight, recipe: recipe, tensors: names)
  }

  private struct Sizes {
    let stem: String
    let rows: Int
    let columns: Int
    let bytes: Int
    let size: Int
    let bits: Int
    var shape: [Int] { [rows, columns] }
  }

  private func affine(_ it: Sizes, _ tensors: LaidOutTensors) throws(SmithError) -> Recipe {
    let type = tensors.dtype("\(it.stem).scales")
    _ = try tensors.required("\(it.stem).biases", [type], rank: 2)
    return try LaidOutMatrix.decoding(
      "int\(it.bits)-g\(it.size)-bias\(type.scaleSuffix)", shape: it.shape,
      [
        tensors.recipe("\(it.stem).weight", .u8, shape: [it.rows, it.bytes]),
        tensors.recipe("\(it.stem).scales"), tensors.recipe("\(it.stem).biases"),
      ])
  }

  /// Levels, the type of codes, and what a byte of scale is, by mode.
  private static let modes: [String: (scheme: String, bits: Int, codes: DType, scale: DType)] = [
    "mxfp4": ("fp4-e2m1", 4, .u8, .f8e8m0), "nvfp4": ("fp4-e2m1", 4, .u8, .f8e4m3),
    "mxfp8": ("fp8-e4m3", 8, .f8e4m3, .f8e8m0),
  ]

  private func floats(
    _ it: Sizes, mode: String, _ tensors: LaidOutTensors
  ) throws(SmithError) -> Recipe {
    guard let kind = Self.modes[mode] else {
      throw SmithError(.unsupported, "MLX's mode \(mode) is not read")
    }
    guard kind.bits == it.bits, tensors.dtype("\(it.stem).scales") == .u8 else {
      throw SmithError(.mismatch, "\(it.bits) bits, \(mode) has \(kind.bits) and scales of a byte")
    }
    return try LaidOutMatrix.decoding(
      "\(kind.scheme)-g\(it.size)", shape: it.shape,
      [
        tensors.recipe("\(it.stem).weight", kind.codes, shape: [it.rows, it.bytes]),
        .cast(tensors.recipe("\(it.stem).scales", kind.scale), to: .f32),
      ])
  }
}
