import SmithBytes
import SmithTensors
import Testing

@testable import SmithModels

/// Quantized matrices that are not what they should be: one line with the tensor that says so, whatever the layout.
@Suite struct LayoutAttackTests {
  /// Types, shapes and a few bytes; what is not given is zeros.
  private struct Source: TensorSource {
    let container = "listing"
    let files = ["model.safetensors"]
    let metadata: [String: String] = [:]
    var tensors: [TensorInfo] = []
    var contents: [String: [UInt8]] = [:]

    func read(
      _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
    ) throws(SmithError) {
      let all = contents[tensor.name] ?? []
      for index in 0..<span.byteCount {
        let byte = offset + index < all.count ? all[offset + index] : 0
        span.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
      }
    }
  }

  struct Attack: Sendable, CustomTestStringConvertible {
    var name: String
    var tensors: [(String, DType, [Int])]
    var bytes: [String: [UInt8]] = [:]
    var settings = "{}"
    var kind: SmithError.Kind
    var testDescription: String { name }
  }

  static let gptq: [(String, DType, [Int])] = [
    ("x.qweight", .i32, [8, 16]), ("x.qzeros", .i32, [2, 2]), ("x.scales", .f16, [2, 16]),
    ("x.g_idx", .i32, [64]),
  ]

  private static func with(
    _ base: [(String, DType, [Int])], _ name: String, _ dtype: DType, _ shape: [Int]
  ) -> [(String, DType, [Int])] {
    base.filter { $0.0 != name } + [(name, dtype, shape)]
  }

  private static func without(
    _ base: [(String, DType, [Int])], _ name: String
  ) -> [(String, DType, [Int])] { base.filter { $0.0 != name } }

  static let awq: [(String, DType, [Int])] = [
    ("x.qweight", .i32, [64, 2]), ("x.qzeros", .i32, [2, 2]), ("x.scales", .f16, [2, 16]),
  ]
  static let mlx: [(String, DType, [Int])] = [
    ("x.weight", .u32, [4, 16]), ("x.scales", .f32, [4, 2]), ("x.biases", .f32, [4, 2]),
  ]
  static let mlxSettings = "{\"group_size\": 64, \"bits\": 4}"
  static let bnb: [(String, DType, [Int])] = [
    ("x.weight", .u8, [64, 1]), ("x.weight.absmax", .f32, [2]),
    ("x.weight.quant_map", .f32, [16]), ("x.weight.quant_state.bitsandbytes__nf4", .u8, [200]),
  ]
  private static func state(_ text: String) -> [String: [UInt8]] {
    let padded = text + String(repeating: " ", count: max(0, 200 - text.utf8.count))
    return ["x.weight.quant_state.bitsandbytes__nf4": Array(padded.utf8)]
  }
  static let compressed: [(String, DType, [Int])] = [
    ("x.weight_packed", .i32, [16, 8]), ("x.weight_scale", .f32, [16, 2]),
    ("x.weight_shape", .i64, [2]),
  ]
  private static func shape(_ rows: Int64, _ columns: Int64) -> [String: [UInt8]] {
    ["x.weight_shape": [rows, columns].withUnsafeBytes { Array<UInt8>($0) }]
  }
  static let fourBits = "{\"config_groups\": {\"g\": {\"weights\": {\"num_bits\": 4}}}}"

  static let attacks: [Attack] = [
    Attack(name: "no zeros", tensors: without(gptq, "x.qzeros"), kind: .missing),
    Attack(name: "no scales", tensors: without(gptq, "x.scales"), kind: .missing),
    Attack(
      name: "scales of integers", tensors: with(gptq, "x.scales", .i32, [2, 16]), kind: .mismatch),
    Attack(
      name: "codes of bytes", tensors: with(gptq, "x.qweight", .u8, [8, 16]), kind: .mismatch),
    Attack(name: "no outputs", tensors: with(gptq, "x.scales", .f16, [2, 0]), kind: .mismatch),
    Attack(name: "no groups", tensors: with(gptq, "x.scales", .f16, [0, 16]), kind: .mismatch),
    Attack(
      name: "zeros of other groups", tensors: with(gptq, "x.qzeros", .i32, [3, 2]), kind: .mismatch),
    Attack(
      name: "zeros of no bits", tensors: with(gptq, "x.qzeros", .i32, [2, 5]), kind: .mismatch),
    Attack(
      name: "outputs of no layout", tensors: with(gptq, "x.qweight", .i32, [8, 15]), kind: .mismatch
    ),
    Attack(
      name: "order of other inputs", tensors: with(gptq, "x.g_idx", .i32, [63]), kind: .mismatch),
    Attack(
      name: "group out of range", tensors: gptq, bytes: ["x.g_idx": [2, 0, 0, 0]], kind: .mismatch),
    Attack(
      name: "negative group", tensors: gptq,
      bytes: ["x.g_idx": [255, 255, 255, 255]], kind: .mismatch),
    Attack(name: "other bits said", tensors: gptq, settings: "{\"bits\": 8}", kind: .mismatch),
    Attack(
      name: "groups that do not divide",
      tensors: with(
        with(without(gptq, "x.g_idx"), "x.scales", .f16, [3, 16]), "x.qzeros", .i32, [3, 2]),
      kind: .missing),
    Attack(
      name: "a matrix beside its parts", tensors: gptq + [("x.weight", .f32, [16, 64])],
      kind: .mismatch),
    Attack(
      name: "absurd words", tensors: with(gptq, "x.qweight", .i32, [1 << 40, 16]), kind: .mismatch),
    Attack(name: "gemv", tensors: awq, settings: "{\"version\": \"gemv\"}", kind: .unsupported),
    Attack(
      name: "other zeros", tensors: with(awq, "x.qzeros", .i32, [2, 3]), kind: .mismatch),
    Attack(
      name: "inputs in no groups", tensors: with(awq, "x.qweight", .i32, [63, 2]), kind: .mismatch),
    Attack(
      name: "no group size", tensors: mlx, settings: "{\"bits\": 4}", kind: .missing),
    Attack(
      name: "group size 0", tensors: mlx, settings: "{\"group_size\": 0, \"bits\": 4}",
      kind: .mismatch),
    Attack(
      name: "negative group size", tensors: mlx, settings: "{\"group_size\": -64, \"bits\": 4}",
      kind: .mismatch),
    Attack(
      name: "other bits", tensors: mlx, settings: "{\"group_size\": 64, \"bits\": 3}",
      kind: .mismatch),
    Attack(
      name: "absurd group size", tensors: mlx,
      settings: "{\"group_size\": 4611686018427387904, \"bits\": 4}", kind: .limit),
    Attack(
      name: "no biases", tensors: without(mlx, "x.biases"), settings: mlxSettings, kind: .missing),
    Attack(
      name: "biases of another type", tensors: with(mlx, "x.biases", .f16, [4, 2]),
      settings: mlxSettings, kind: .mismatch),
    Attack(
      name: "biases of another shape", tensors: with(mlx, "x.biases", .f32, [4, 3]),
      settings: mlxSettings, kind: .mismatch),
    Attack(
      name: "unknown mode", tensors: mlx,
      settings: "{\"group_size\": 64, \"bits\": 4, \"mode\": \"fp3\"}", kind: .unsupported),
    Attack(name: "state is no JSON", tensors: bnb, bytes: state("nf4"), kind: .malformed),
    Attack(name: "state without shape", tensors: bnb, bytes: state("{}"), kind: .malformed),
    Attack(
      name: "shape of another size", tensors: bnb,
      bytes: state("{\"blocksize\": 64, \"shape\": [3, 64]}"), kind: .mismatch),
    Attack(
      name: "block size 0", tensors: bnb, bytes: state("{\"blocksize\": 0, \"shape\": [2, 64]}"),
      kind: .malformed),
    Attack(
      name: "absurd shape", tensors: bnb,
      bytes: state("{\"blocksize\": 64, \"shape\": [4611686018427387904, 64]}"), kind: .limit),
    Attack(
      name: "negative shape", tensors: bnb,
      bytes: state("{\"blocksize\": 64, \"shape\": [-2, -64]}"), kind: .malformed),
    Attack(
      name: "too few scales", tensors: with(bnb, "x.weight.absmax", .f32, [1]),
      bytes: state("{\"blocksize\": 64, \"shape\": [2, 64]}"), kind: .mismatch),
    Attack(
      name: "another map", tensors: with(bnb, "x.weight.quant_map", .f32, [15]),
      bytes: state("{\"blocksize\": 64, \"shape\": [2, 64]}"), kind: .mismatch),
    Attack(
      name: "nested without offset", tensors: with(bnb, "x.weight.absmax", .u8, [2]),
      bytes: state("{\"blocksize\": 64, \"shape\": [2, 64], \"nested_blocksize\": 256}"),
      kind: .unsupported),
    Attack(
      name: "nested without maps", tensors: with(bnb, "x.weight.absmax", .u8, [2]),
      bytes: state(
        "{\"blocksize\": 64, \"shape\": [2, 64], \"nested_blocksize\": 256, \"nested_offset\": 0.5}"
      ),
      kind: .missing),
    Attack(
      name: "int8 of other rows", tensors: [("x.weight", .i8, [4, 8]), ("x.SCB", .f32, [5])],
      kind: .mismatch),
    Attack(name: "int8 without codes", tensors: [("x.SCB", .f32, [5])], kind: .missing),
    Attack(
      name: "int8 in a GPU's order",
      tensors: [("x.weight", .i8, [4, 8]), ("x.SCB", .f32, [4]), ("x.weight_format", .u8, [])],
      bytes: ["x.weight_format": [2]], kind: .unsupported),
    Attack(
      name: "no shape", tensors: without(compressed, "x.weight_shape"), settings: fourBits,
      kind: .missing),
    Attack(
      name: "zeros for a shape", tensors: compressed, settings: fourBits, kind: .mismatch),
    Attack(
      name: "other rows", tensors: compressed, bytes: shape(15, 64), settings: fourBits,
      kind: .mismatch),
    Attack(
      name: "columns of no bits", tensors: compressed, bytes: shape(16, 80), settings: fourBits,
      kind: .mismatch),
    Attack(
      name: "absurd columns", tensors: compressed, bytes: shape(16, 1 << 62), settings: fourBits,
      kind: .limit),
    Attack(
      name: "negative columns", tensors: compressed, bytes: shape(16, -64), settings: fourBits,
      kind: .mismatch),
    Attack(
      name: "scales of no groups", tensors: with(compressed, "x.weight_scale", .f32, [16, 3]),
      bytes: shape(16, 64), settings: fourBits, kind: .unsupported),
    Attack(
      name: "scales in blocks", tensors: with(compressed, "x.weight_scale", .f32, [1, 2]),
      bytes: shape(16, 64), settings: fourBits, kind: .unsupported),
    Attack(
      name: "zeros of too few rows",
      tensors: compressed + [("x.weight_zero_point", .i32, [1, 2])], bytes: shape(16, 64),
      settings: fourBits, kind: .mismatch),
    Attack(
      name: "zeros of other groups",
      tensors: compressed + [("x.weight_zero_point", .i32, [2, 3])], bytes: shape(16, 64),
      settings: fourBits, kind: .mismatch),
    Attack(
      name: "nvfp4 without a global scale",
      tensors: [("x.weight_packed", .u8, [16, 32]), ("x.weight_scale", .f8e4m3, [16, 4])],
      kind: .missing),
    Attack(
      name: "mxfp4 of no blocks",
      tensors: [("x.weight_packed", .u8, [16, 32]), ("x.weight_scale", .u8, [16, 0])],
      kind: .mismatch),
  ]

  @Test(arguments: attacks) func `are refused, before anything of the claimed size is there`(
    _ attack: Attack
  ) throws {
    var source = Source()
    for (name, dtype, shape) in attack.tensors {
      source.tensors.append(try TensorInfo(name: name, dtype: dtype, shape: shape))
    }
    source.contents = attack.bytes
    let settings = try #require(try JSON.parse(Array(attack.settings.utf8)).objectValue)
    let error = #expect(throws: SmithError.self) {
      let stored = try StoredSchemes.fold(source) { () throws(SmithError) in settings }
      // What only its bytes can show.
      var evaluator = RecipeEvaluator(source: source)
      for recipe in stored.values { _ = try evaluator.floats(recipe) }
    }
    #expect(error?.kind == attack.kind, "\(String(describing: error))")
    #expect(error?.place.item?.hasPrefix("x.") == true, "\(String(describing: error))")
  }

  @Test func `what only looks like a layout stays as it is`() throws {
    var source = Source()
    source.tensors = [
      try TensorInfo(name: "x.weight", dtype: .f32, shape: [4, 8]),
      try TensorInfo(name: "x.weight_scale", dtype: .f32, shape: [4, 1]),
      try TensorInfo(name: "x.scales", dtype: .f32, shape: [4, 1]),
      try TensorInfo(name: "y.weight", dtype: .u32, shape: [4, 8]),
      try TensorInfo(name: "y.scales", dtype: .f32, shape: [4, 2]),
    ]
    let stored = try StoredSchemes.fold(source)
    #expect(stored.count == 5 && stored.values.allSatisfy { $0.storedScheme == nil })
  }
}
