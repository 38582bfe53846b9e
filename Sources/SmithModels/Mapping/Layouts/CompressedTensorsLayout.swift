import SmithBytes
import SmithTensors

/// compressed-tensors (formats §10): `X.weight` as int8 or 8-bit floats, or `X.weight_packed`, with `X.weight_scale` beside it. Shapes say the
/// granularity, the configuration the number of bits.
struct CompressedTensorsLayout: StoredLayout {
  let name = "compressed-tensors"
  let marks = [".weight_scale"]

  private static let scaleTypes: [DType] = [.f32, .bf16, .f16]

  func matrix(
    _ stem: String, mark: String, in tensors: LaidOutTensors
  ) throws(SmithError) -> LaidOutMatrix? {
    let packed = "\(stem).weight_packed"
    let whole = "\(stem).weight"
    var matrix: LaidOutMatrix?
    if tensors.shape(packed, [.i32], rank: 2) != nil {
      // Without a configuration they are tensors like others: the same words are codes of several numbers of bits.
      if tensors.settings.isEmpty { return nil }
      matrix = try packedIntegers(stem, tensors)
    } else if tensors.shape(packed, [.u8], rank: 2) != nil {
      matrix = try packedFloats(stem, tensors)
    } else if let shape = tensors.shape(whole, [.i8], rank: 2) {
      matrix = try integers(stem, shape, tensors)
    } else if let shape = tensors.shape(whole, [.f8e4m3], rank: 2) {
      let scale = try scale(stem, shape, tensors)
      let recipe = try LaidOutMatrix.decoding(
        "fp8-e4m3\(scale.place == "" ? "-tensor" : scale.place == "-channel" ? "" : scale.place)",
        shape: shape, [tensors.recipe(whole), .widened(scale.recipe)])
      matrix = LaidOutMatrix(name: whole, recipe: scale.rounding(recipe), tensors: [whole])
    }
    matrix?.tensors.append(stem + mark)
    return matrix
  }

  /// The scales of a matrix, and what they mean for the name of a scheme.
  private struct Scale {
    let place: String
    let dtype: DType
    let recipe: Recipe

    /// The library computes in the type of the scales.
    func rounding(_ values: Recipe) -> Recipe {
      dtype == .f32 ? values : .cast(values, to: dtype)
    }
  }

  private func scale(
    _ stem: String, _ shape: [Int], _ tensors: LaidOutTensors
  ) throws(SmithError) -> Scale {
    let name = "\(stem).weight_scale"
    guard let found = tensors.shape(name, Self.scaleTypes) else {
      throw SmithError(.unsupported, "scales of that type are not read")
    }
    let (rows, columns) = (shape[0], shape[1])
    let type = tensors.dtype(name)
    if found == [1] || found == [1, 1] && rows != 1 || found == [] {
      return Scale(place: "", dtype: type, recipe: tensors.recipe(name, shape: [1]))
    }
    let groups = found.count == 2 ? found[1] : 1
    guard found.first == rows, found.count <= 2, groups > 0, columns % groups == 0 else {
      throw SmithError(
        .unsupported, "scales \(found) of a matrix \(shape) are none per tensor, row or group")
    }
    return Scale(
      place: groups == 1 ? "-channel" : "-g\(columns / groups)", dtype: type,
      recipe: tensors.recipe(name, shape: [rows, groups]))
  }

  /// Signed codes of a byte; an asymmetric one is 128 less than ours, and so is its zero.
  private func integers(
    _ stem: String, _ shape: [Int], _ tensors: LaidOutTensors
  ) throws(SmithError) -> LaidOutMatrix {
    let scale = try scale(stem, shape, tensors)
    let zero = "\(stem).weight_zero_point"
    let weight = "\(stem).weight"
    guard tensors.info(zero) != nil else {
      let recipe = try LaidOutMatrix.decoding(
        "int8\(scale.place)\(scale.dtype.scaleSuffix)", shape: shape,
        [tensors.recipe(weight), scale.recipe])
      return LaidOutMatrix(name: weight, recipe: scale.rounding(recipe), tensors: [weight])
    }
    guard tensors.shape(zero, [.i8]) != nil,
      scale.recipe.byteCount / scale.dtype.width == tensors.info(zero)?.elementCount
    else { throw SmithError(.mismatch, "\(zero) is not one int8 for each scale") }
    let recipe = try LaidOutMatrix.decoding(
      "int8\(scale.place)-asym\(scale.dtype.scaleSuffix)", shape: shape,
      [
        tensors.recipe(weight, .u8).codes(.add(128, bits: 8)), scale.recipe,
        tensors.recipe(zero, .u8, shape: scale.recipe.shape).codes(.add(128, bits: 8)),
      ])
    return LaidOutMatrix(name: weight, recipe: scale.rounding(recipe), tensors: [weight, zero])
  }

  /// Unsigned codes in words of 32 bits: one stream, or in older files as many whole codes as a word holds.
  private func packedIntegers(
    _ stem: String, _ tensors: LaidOutTensors
  ) throws(SmithError) -> LaidOutMatrix {
    let packed = "\(stem).weight_packed"
    let words = try tensors.required(packed, [.i32], rank: 2)
    let shape = try shape(stem, tensors)
    guard shape[0] == words[0] else {
      throw SmithError(.mismatch, "\(packed) is \(words), the matrix \(shape)")
    }
    let scale = try scale(stem, shape, tensors)
    let (bits, order) = try packing(words[1], columns: shape[1], tensors)
    var names = [packed, "\(stem).weight_shape"]
    let zero = "\(stem).weight_zero_point"
    let index = "\(stem).weight_g_idx"
    var isOrdered = false
    if tensors.info(index) != nil {
      names.append(index)
      isOrdered = try !isTrivial(index, shape[1], scale, tensors)
    }
    // Bytes that are a row's stream already need no step.
    let unpacked = tensors.recipe(packed, .i32)
      .codes(.unpack(bits: bits, columns: shape[1], order: order))
    let isAsymmetric = tensors.info(zero) != nil
    var codes = unpacked.codes(.pack(bits: bits, wordBytes: 1))
    if bits == 8 {
      codes = isAsymmetric ? unpacked : unpacked.codes(.add(128, bits: 8), .view(.i8))
    }
    var parts = [codes, scale.recipe]
    if isAsymmetric {
      let groups = scale.recipe.shape.last ?? 1
      guard tensors.shape(zero, [.i32], rank: 2)?.last == groups, scale.place != "" else {
        throw SmithError(.mismatch, "\(zero) does not have the \(groups) groups of the scales")
      }
      let turned = Recipe.transpose(tensors.recipe(zero, .i32))
      parts.append(
        .transpose(turned.codes(.unpack(bits: bits, columns: shape[0], order: order))))
      names.append(zero)
    }
    if isOrdered { parts.append(tensors.recipe(index)) }
    let scheme =
      "int\(bits)\(scale.place)\(isAsymmetric ? "-asym" : "")\(scale.dtype.scaleSuffix)"
      + (isOrdered ? "-ordered" : "")
    let recipe = try LaidOutMatrix.decoding(scheme, shape: shape, parts)
    return LaidOutMatrix(
      name: "\(stem).weight", recipe: scale.rounding(recipe), tensors: names)
  }

  /// Rows and columns, which are stored since packed rows are filled up.
  private func shape(_ stem: String, _ tensors: LaidOutTensors) throws(SmithError) -> [Int] {
    let name = "\(stem).weight_shape"
    guard tensors.shape(name, [.i64, .i32], rank: 1) == [2] else {
      throw SmithError(.missing, "it needs \(name) as two integers")
    }
    let bytes = try tensors.bytes(name)
    let width = bytes.count / 2
    return bytes.withUnsafeBytes { raw in
      (0..<2).map { index in
        width == 8
          ? Int(Int64(littleEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: Int64.self)))
          : Int(Int32(littleEndian: raw.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)))
      }
    }
  }

  /// The number of bits that some group of the configuration has and the width bears out.
  private func packing(
    _ words: Int, columns: Int, _ tensors: LaidOutTensors
  ) throws(SmithError) -> (Int, CodePacking.Order) {
    let groups = tensors.settings["config_groups"]?.objectValue ?? JSONObject()
    let said = groups.compactMap { $0.value["weights"]?["num_bits"]?.intValue }
    var fitting: [(Int, CodePacking.Order)] = []
    for bits in Set(said.isEmpty ? Array(2...8) : said).sorted() where (2...8).contains(bits) {
      guard columns > 0 else { continue }
      let stream = try CodePacking.rowBytes(columns: columns, bits: bits, wordBytes: 4) / 4
      if stream == words {
        fitting.append((bits, .stream))
      } else if (columns - 1) / (32 / bits) + 1 == words {
        fitting.append((bits, .words))
      }
    }
    guard fitting.count == 1 else {
      throw SmithError(
        fitting.isEmpty ? .mismatch : .unsupported,
        "\(words) words for \(columns) columns are of \(fitting.isEmpty ? "no" : "several") number of bits"
          + (said.isEmpty ? "" : " that the configuration has"))
    }
    return fitting[0]
  }

  /// Whether each column belongs to the group that its place says.
  private func isTrivial(
    _ name: String, _ columns: Int, _ scale: Scale, _ tensors: LaidOutTensors
  ) throws(SmithError) -> Bool {
    guard try tensors.required(name, [.i32], rank: 1) == [columns] else {
      throw SmithError(.mismatch, "\(name) is not one group for each of \(columns) columns")
    }
    let length = columns / max(1, scale.recipe.shape.last ?? 1)
    let bytes = try tensors.bytes(name)
    return bytes.withUnsafeBytes { raw in
      (0..<columns).allSatisfy {
        Int(Int32(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)))
          == $0 / max(1, length)
      }
    }
  }

  /// Floats of four bits, two to a byte: mxfp4 with a power of two per 32, nvfp4 with an 8-bit float per 16 over one of the tensor.
  private func packedFloats(
    _ stem: String, _ tensors: LaidOutTensors
  ) throws(SmithError) -> LaidOutMatrix {
    let (packed, name) = ("\(stem).weight_packed", "\(stem).weight_scale")
    let bytes = try tensors.required(packed, [.u8], rank: 2)
    let scales = try tensors.required(name, [.u8, .f8e4m3, .f8e8m0], rank: 2)
    let columns = try bytes[1].multiplied(checked: 2)
    guard scales[0] == bytes[0], scales[1] > 0, columns % scales[1] == 0 else {
      throw SmithError(.mismatch, "scales \(scales) for \(packed) \(bytes)")
    }
    var names = [packed]
    let isPower = tensors.dtype(name) != .f8e4m3
    var scale = Recipe.cast(tensors.recipe(name, isPower ? .f8e8m0 : .f8e4m3), to: .f32)
    let global = "\(stem).weight_global_scale"
    if !isPower {
      guard tensors.shape(global, [.f32]).map({ $0.allSatisfy { $0 == 1 } }) == true else {
        throw SmithError(.missing, "it needs \(global) as one f32")
      }
      scale = .quotient(scale, tensors.recipe(global, shape: [1]))
      names.append(global)
    }
    return LaidOutMatrix(
      name: "\(stem).weight",
      recipe: try LaidOutMatrix.decoding(
        "fp4-e2m1-g\(columns / scales[1])", shape: [bytes[0], columns],
        [tensors.recipe(packed), scale]), tensors: names)
  }
}

extension Recipe {
  /// In f32.
  fileprivate static func widened(_ recipe: Recipe) -> Recipe {
    recipe.dtype == .f32 ? recipe : .cast(recipe, to: .f32)
  }
}
