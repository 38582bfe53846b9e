import TestSupport
import Testing
import Weightsmith

/// Layout × scheme: what is written is recognised again as just that, and holds the numbers of the scheme.
@Suite struct LayoutWritingTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var layout: String
    var scheme: String
    /// What the file turns out to hold.
    var stored: String
    var testDescription: String { "\(layout) \(scheme)" }
  }

  static let cases: [Case] = [
    Case(layout: "mlx", scheme: "int4-g64", stored: "int4-g64-bias"),
    Case(layout: "mlx", scheme: "int3-g32-bias-bf16", stored: "int3-g32-bias-bf16"),
    Case(layout: "compressed-tensors", scheme: "int8", stored: "int8"),
    Case(layout: "compressed-tensors", scheme: "int8-channel-asym", stored: "int8-channel-asym"),
    Case(layout: "compressed-tensors", scheme: "int4-g32-asym", stored: "int4-g32-asym"),
    Case(layout: "compressed-tensors", scheme: "int5-g32", stored: "int5-g32"),
    Case(layout: "compressed-tensors", scheme: "int4-g32+mse", stored: "int4-g32"),
    Case(layout: "compressed-tensors", scheme: "fp8-e4m3-tensor", stored: "fp8-e4m3-tensor"),
    Case(layout: "bitsandbytes", scheme: "nf4", stored: "nf4"),
    Case(layout: "bitsandbytes", scheme: "nf4-dq", stored: "nf4-dq"),
    Case(layout: "bitsandbytes", scheme: "fp4", stored: "fp4"),
    Case(layout: "bitsandbytes", scheme: "int8-channel", stored: "int8-channel-peak"),
    Case(layout: "gptq", scheme: "int4-g32-asym", stored: "int4-g32-asym-f16"),
    Case(layout: "gptq", scheme: "int4-g32", stored: "int4-g32-asym-f16"),
    Case(layout: "gptq", scheme: "int8-channel-asym", stored: "int8-channel-asym-f16"),
    Case(layout: "gptq", scheme: "int3-g32-asym", stored: "int3-g32-asym-f16"),
    Case(layout: "weightsmith", scheme: "nf4-dq", stored: "nf4-dq"),
  ]

  @Test(arguments: cases) func `what is written is read as the same codes`(_ it: Case) throws {
    let scratch = try Scratch()
    let model = try Model(Checkpoint.open(Fixtures.path("trained/tiny_bert/hf")))
    let scheme = try #require(Schemes.named(it.scheme))
    let layout = it.layout == Layouts.own ? nil : it.layout
    let smaller = try model.applying(.quantize(scheme, layout: layout))
    try Conversion(smaller, to: "safetensors", as: .hf, at: "\(scratch.path)/out").run()
    let again = try Model(Checkpoint.open("\(scratch.path)/out"))
    let report = try Verification(of: again, against: model).compare(on: .standard)
    let quantized = report.tensors.filter { $0.verdict == .encoded }
    #expect(quantized.count >= 24 && quantized.allSatisfy { $0.encoding == it.stored })
    #expect(report.tensors.allSatisfy { $0.verdict == .encoded || $0.verdict == .equal })
    // The values of the transform in memory are those of the file.
    let memory = try Verification(of: smaller, against: again).compare(on: .standard)
    #expect(memory.tensors.allSatisfy { $0.maxAbs == 0 })
  }

  @Test func `a scheme that a layout does not hold is refused with those it does`() throws {
    let model = try Model(Checkpoint.open(Fixtures.path("trained/tiny_bert/hf")))
    for (layout, scheme) in [
      ("mlx", "nf4"), ("mlx", "int4-channel"), ("compressed-tensors", "int8-asym"),
      ("compressed-tensors", "q8_0"), ("bitsandbytes", "int8-g64"), ("gptq", "int4"),
      ("gptq", "int5-g32"),
    ] {
      let coder = try #require(Schemes.named(scheme))
      let error = #expect(throws: SmithError.self) {
        try model.applying(.quantize(coder, layout: layout))
      }
      #expect(error?.kind == .usage && error?.detail.contains(scheme) == true)
      #expect(error?.remedy?.isEmpty == false)
    }
    let scratch = try Scratch()
    let smaller = try model.applying(
      .quantize(#require(Schemes.named("nf4")), layout: "bitsandbytes"))
    let error = #expect(throws: SmithError.self) {
      try Conversion(smaller, to: "npz", as: .hf, at: "\(scratch.path)/out").run()
    }
    #expect(error?.kind == .refused)
  }
}
