import Foundation
import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

@testable import SmithModels

/// Quantized matrices as other programs store them, against the numbers that those programs (or their formulas in numpy) decode
/// (Fixtures/generate/formats/make_quant.py, make_mlx.py).
@Suite struct LayoutTests {
  struct Sample: Sendable, CustomTestStringConvertible {
    var file: String
    var name = "lin.weight"
    var truth: String
    var scheme: String
    var settings = "{}"
    /// What the library computes in, where it is less than ours.
    var precision = DType.f32
    var testDescription: String { "\(file) \(name)" }
  }

  private static func compressed(_ bits: Int) -> String {
    "{\"config_groups\": {\"group_0\": {\"weights\": {\"num_bits\": \(bits)}}}}"
  }

  static let packed: [Sample] = [
    ("w4a16_group32_sym", "int4-g32", 4), ("w4a16_group32_asym", "int4-g32-asym", 4),
    ("w8a16_channel_packed", "int8-channel", 8), ("w3a16_group32_sym", "int3-g32", 3),
    ("w8a8_channel_int", "int8-channel", 8), ("fp8_channel", "fp8-e4m3", 8),
    ("fp8_tensor", "fp8-e4m3-tensor", 8), ("nvfp4", "fp4-e2m1-g16", 4),
    ("mxfp4", "fp4-e2m1-g32", 4),
  ].map { file, scheme, bits in
    Sample(
      file: "ct_\(file)", truth: "ct_\(file)", scheme: scheme, settings: compressed(bits),
      precision: file == "nvfp4" ? .bf16 : .f32)
  }

  static let others: [Sample] = [
    Sample(file: "bnb_nf4", truth: "bnb_nf4", scheme: "nf4"),
    Sample(file: "bnb_nf4_nested", truth: "bnb_nf4_nested", scheme: "nf4-dq"),
    Sample(file: "bnb_fp4", truth: "bnb_fp4", scheme: "fp4"),
    Sample(file: "bnb_int8", truth: "bnb_int8", scheme: "int8-channel-peak"),
    Sample(file: "gptq_4bit", truth: "gptq_4bit", scheme: "int4-g32-asym-f16-ordered"),
    Sample(file: "gptq_8bit", truth: "gptq_8bit", scheme: "int8-g32-asym-f16"),
    Sample(file: "awq_4bit", truth: "awq_4bit", scheme: "int4-g32-asym-f16"),
  ]

  static let mlx: [Sample] =
    [2, 3, 4, 5, 6, 8].flatMap { bits in
      [
        ("float32", 32, ""), ("float32", 64, ""), ("float32", 128, ""), ("float16", 64, "-f16"),
        ("bfloat16", 64, "-bf16"),
      ].map { type, group, suffix in
        let name = "\(type).b\(bits).g\(group)"
        return Sample(
          file: "mlx_quantized", name: "\(name).weight", truth: name,
          scheme: "int\(bits)-g\(group)-bias\(suffix)")
      }
    }
    + [("mxfp4", "fp4-e2m1-g32"), ("mxfp8", "fp8-e4m3-g32"), ("nvfp4", "fp4-e2m1-g16")].map {
      Sample(file: "mlx_quantized", name: "\($0).weight", truth: $0, scheme: $1)
    }

  /// The configuration that MLX would write beside the sample: an entry for every layer.
  private static let mlxSettings: JSONObject = {
    var settings = JSONObject()
    for sample in mlx {
      let parts = sample.truth.split(separator: ".")
      let isAffine = parts.count == 3
      let size = isAffine ? Int(parts[2].dropFirst()) : sample.truth == "nvfp4" ? 16 : 32
      let bits = isAffine ? Int(parts[1].dropFirst()) : sample.truth == "mxfp8" ? 8 : 4
      settings[sample.truth] = [
        "group_size": .integer(size ?? 0), "bits": .integer(bits ?? 0),
        "mode": .string(isAffine ? "affine" : sample.truth),
      ]
    }
    return settings
  }()

  @Test(arguments: packed + others + mlx) func `samples decode to their numbers`(
    _ sample: Sample
  ) throws {
    let path = Fixtures.path("formats/\(sample.file).safetensors")
    let source = try Formats.open(path)
    let settings =
      sample.file == "mlx_quantized"
      ? Self.mlxSettings
      : try #require(try JSON.parse(Array(sample.settings.utf8)).objectValue)
    let stored = try StoredSchemes.fold(source) { () throws(SmithError) in settings }
    let recipe = try #require(stored[sample.name])
    #expect(recipe.storedScheme == sample.scheme)
    // Nothing else is left of it.
    if sample.file != "mlx_quantized" { #expect(stored.count == 1) }
    let truths = try Formats.open(
      Fixtures.path("formats/\(sample.file == "mlx_quantized" ? "mlx" : "quant")_samples.npz"))
    let info = try #require(truths.tensors.first { $0.name == sample.truth })
    #expect(recipe.shape == info.shape)
    let truth = try [Float](converting: try truths.bytes(info), from: .f32)
    var evaluator = RecipeEvaluator(source: source)
    let wanted = sample.precision == .f32 ? recipe : .cast(recipe, to: sample.precision)
    let values = try evaluator.floats(wanted)
    // A zero is a zero, whatever its sign says of the library's order of operations.
    #expect(values == truth)
    let middle = recipe.rowCount / 2
    #expect(
      try evaluator.floats(wanted, rows: middle..<(middle + 1))
        == Array(truth[(middle * info.shape[1])..<((middle + 1) * info.shape[1])]))
  }

  @Test func `a plan with layouts survives its JSON form`() throws {
    let source = try Formats.open(Fixtures.path("formats/awq_4bit.safetensors"))
    let recipe = try #require(try StoredSchemes.fold(source)["lin.weight"])
    let text = try JSONEncoder().encode(recipe)
    #expect(try JSONDecoder().decode(Recipe.self, from: text) == recipe)
  }
}
