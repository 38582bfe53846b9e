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
    #expect(report.holds && report.policy == .reduced)
    let encoded = report.tensors.filter { $0.verdict == .encoded }
    #expect(
      encoded.count >= 8 && encoded.allSatisfy { $0.encoding == it.scheme && $0.signalToNoise > 30 }
    )
    #expect(
      report.tensors.allSatisfy {
        $0.verdict == .encoded || ($0.verdict == .equal && $0.encoding == "f32")
      })
    let inspection = try Inspection(Checkpoint.open(path))
    #expect(inspection.tensors.filter { $0.encoding == .scheme(it.scheme) }.count >= 8)
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
    #expect(cloze.candidateRight >= 115)
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
}
