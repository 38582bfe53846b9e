import Foundation
import TestSupport
import Testing
import Weightsmith

/// Trained models in fewer bits: still knowing what they know, still the same bytes after another conversion, and guarded.
@Suite struct QuantizeTests {
  static let cases = QuantizedCase.all
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func quantized(_ it: QuantizedCase) throws -> (reference: Model, path: String) {
    try it.written(in: scratch)
  }

  private func verify(_ path: String, against reference: Model) throws -> VerificationReport {
    try Verification(of: Model(Checkpoint.open(path)), against: reference).compare(on: .standard)
  }

  @Test(arguments: cases)
  func `holds, and is what the scheme makes of the reference`(it: QuantizedCase) throws {
    let (reference, path) = try quantized(it)
    let report = try verify(path, against: reference)
    #expect(report.policy == .reduced && (report.holds || !it.isFine))
    #expect(report.layers.allSatisfy { $0.maxAbs.isFinite } && report.failingTensors.isEmpty)
    let encoded = report.tensors.filter { $0.verdict == .encoded }
    #expect(encoded.count >= 8 && Set(encoded.map(\.encoding)).isSubset(of: it.schemes))
    for tensor in encoded {
      let least = try #require(QuantizedCase.leastSignalToNoise[tensor.encoding])
      #expect(tensor.signalToNoise > least, "\(tensor.name) \(tensor.encoding)")
    }
    #expect(
      report.tensors.allSatisfy {
        $0.verdict == .encoded || ($0.verdict == .equal && $0.encoding == "f32")
      })
    let inspection = try Inspection(Checkpoint.open(path))
    #expect(inspection.tensors.filter { it.schemes.contains($0.encoding.name) }.count >= 8)
    #expect(
      inspection.tensorBytes < reference.checkpoint.tensors.reduce(0) { $0 + $1.byteCount } * 4 / 10
    )
  }

  @Test(arguments: cases)
  func `still knows its answers`(it: QuantizedCase) throws {
    let (reference, path) = try quantized(it)
    let questions = try ClozeQuestions(Fixtures.path("trained/cloze.json"))
    let cloze = try questions.ask(reference, Model(Checkpoint.open(path)))
    #expect(cloze.questions == 120 && cloze.referenceRight == 119)
    #expect(cloze.candidateRight >= it.leastRight)
  }

  @Test(arguments: cases)
  func `another conversion keeps the codes, a plain one their values`(it: QuantizedCase) throws {
    let (_, path) = try quantized(it)
    let model = try Model(Checkpoint.open(path))
    try Conversion(model, to: "safetensors", as: .hf, at: "\(scratch.path)/again").run()
    #expect(try Contents("\(scratch.path)/again") == Contents(path))
    try Conversion(model, to: "safetensors", as: nil, at: "\(scratch.path)/kept").run()
    #expect(try Contents("\(scratch.path)/kept") == Contents(path))
    let plain = try model.applying(.dequantize)
    try Conversion(plain, to: "tf", as: .original, at: "\(scratch.path)/plain").run()
    let written = try Model(Checkpoint.open("\(scratch.path)/plain"))
    #expect(written.checkpoint.tensors.allSatisfy { $0.encoding == .plain(.f32) })
    let report = try Verification(of: written, against: model, policy: .exact).compare(
      on: .standard)
    #expect(report.holds && report.tensors.allSatisfy { $0.verdict == .equal })
  }

  /// With kept names as with an ecosystem's: a type that is asked for is the type of everything, codes included.
  @Test(arguments: cases, [DType.f32, .bf16])
  func `asked for a type, kept names are decoded too`(it: QuantizedCase, type: DType) throws {
    let model = try Model(Checkpoint.open(quantized(it).path))
    var kept = try Conversion(model, to: "safetensors", as: nil, at: "\(scratch.path)/kept")
    kept.target.dtype = type
    let report = try kept.run()
    #expect(Set(report.plan.fates.map(\.kind)) == [.used])
    let named = try Conversion(
      model.applying(.dequantize), to: "safetensors", as: .hf, at: "\(scratch.path)/named")
    var wanted = named
    wanted.target.dtype = type
    try wanted.run()
    #expect(try Contents(kept.destination) == Contents(wanted.destination))
    #expect(try Model(Checkpoint.open(kept.destination)).parameters.schemes.isEmpty)
  }

  /// A bundle has no metadata, and codes do not follow a transpose: neither may lose the meaning of the codes in silence.
  @Test(arguments: cases, [Dialect.Name.original, .hf, nil])
  func `what cannot say that it is quantized is refused`(
    it: QuantizedCase, names: Dialect.Name?
  ) throws {
    let model = try Model(Checkpoint.open(quantized(it).path))
    let work = try Conversion(model, to: "tf", as: names, at: "\(scratch.path)/tf")
    let error = #expect(throws: SmithError.self) { try work.run() }
    #expect(error?.kind == .refused && error?.remedy != nil)
    #expect(scratch.names() == ["quantized"])
  }

  /// Rows of 32, 64 and 128 are no super-blocks: llama.cpp's substitute takes them, and the report says so.
  @Test func `a matrix that the scheme cannot hold is stored by its substitute, with a note`()
    throws
  {
    let model = try Model(Checkpoint.open(Fixtures.path("trained/tiny_albert/hf"))).applying(
      .quantize(.q4_k))
    let report = try Conversion(model, to: "safetensors", as: .hf, at: "\(scratch.path)/out").run()
    #expect(
      report.plan.notes.contains(
        "q5_0 instead of q4_k: 10 matrices whose rows (32, 128) q4_k cannot hold, first embeddings.word"
      ))
    let stored = try Model(Checkpoint.open("\(scratch.path)/out")).parameters.schemes
    #expect(stored["embeddings.word"] == "q5_0")
    #expect(stored.values.filter { $0 == "q4_k" }.count == 1)
  }

  @Test func `what another scheme stores is encoded again only when asked`() throws {
    let coarse = try #require(Self.cases.first { $0.scheme == "q4_0" })
    let model = try Model(Checkpoint.open(quantized(coarse).path))
    let error = #expect(throws: SmithError.self) { _ = try model.applying(.quantize(.q8_0)) }
    #expect(error?.kind == .refused && error?.place.item == "embeddings.word")
    #expect(error?.remedy?.contains("--requantize") == true)
    let again = try model.applying(.quantize(.q8_0, requantizing: true))
    #expect(Set(again.parameters.schemes.values) == ["q8_0"])
    // The same scheme keeps the codes it has.
    #expect(throws: Never.self) { _ = try model.applying(.quantize(.q4_0)) }
  }

  @Test(arguments: [DType.f16, .bf16])
  func `a narrower float type takes what a scheme would take`(type: DType) throws {
    let reference = try Model(Checkpoint.open(Fixtures.path("trained/tiny_bert/hf")))
    let narrow = try reference.applying(.narrow(to: type, keeping: [Glob("*.attention.*")]))
    let written = try narrow.written(
      as: Form(container: "safetensors", names: .hf), to: "\(scratch.path)/out")
    let schemed = try reference.applying(.quantize(.q8_0, keeping: [Glob("*.attention.*")]))
    for (name, recipe) in written.parameters.recipes {
      #expect((recipe.dtype == type) == (schemed.parameters.schemes[name] != nil), "\(name)")
    }
    let report = try Verification(of: written, against: reference).compare(on: .standard)
    #expect(report.holds && report.policy == .reduced)
  }
}
