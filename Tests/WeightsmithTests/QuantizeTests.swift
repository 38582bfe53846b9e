import Foundation
import TestSupport
import Testing
import Weightsmith

/// Trained models in fewer bits: still knowing what they know, still the same bytes after another conversion, and guarded.
@Suite struct QuantizeTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var folder: String
    var scheme: String
    var testDescription: String { "\(folder) \(scheme)" }
  }

  static let cases = ["trained/tiny_albert/hf", "trained/tiny_bert/hf"].flatMap { folder in
    Schemes.all.map { Case(folder: folder, scheme: $0.name) }
  }

  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func quantized(_ it: Case) throws -> (reference: Model, path: String) {
    let model = try Model(Checkpoint.open(Fixtures.path(it.folder)))
    let path = "\(scratch.path)/quantized"
    let smaller = try model.applying(.quantize(#require(Schemes.named(it.scheme))))
    try Conversion(smaller, to: "safetensors", as: .hf, at: path).run()
    return (model, path)
  }

  private func verify(_ path: String, against reference: Model) throws -> VerificationReport {
    try Verification(of: Model(Checkpoint.open(path)), against: reference).compare(on: .standard)
  }

  @Test(arguments: cases)
  func `holds, and is what the scheme makes of the reference`(it: Case) throws {
    let (reference, path) = try quantized(it)
    let report = try verify(path, against: reference)
    #expect(report.holds && report.policy == .reduced)
    let encoded = report.tensors.filter { $0.verdict == .encoded }
    #expect(encoded.count >= 8 && encoded.allSatisfy { $0.encoding == it.scheme && $0.signalToNoise > 30 })
    #expect(report.tensors.allSatisfy { $0.verdict == .encoded || ($0.verdict == .equal && $0.encoding == "f32") })
    let inspection = try Inspection(Checkpoint.open(path))
    #expect(inspection.tensors.filter { $0.encoding == .scheme(it.scheme) }.count >= 8)
    #expect(inspection.tensorBytes < reference.checkpoint.tensors.reduce(0) { $0 + $1.byteCount } * 4 / 10)
  }

  @Test(arguments: cases)
  func `still knows its answers`(it: Case) throws {
    let (reference, path) = try quantized(it)
    let questions = try ClozeQuestions(Fixtures.path("trained/cloze.json"))
    let cloze = try questions.ask(reference, Model(Checkpoint.open(path)))
    #expect(cloze.questions == 120 && cloze.referenceRight == 119)
    #expect(cloze.candidateRight >= 115)
  }

  @Test(arguments: cases)
  func `another conversion keeps the codes, a plain one their values`(it: Case) throws {
    let (_, path) = try quantized(it)
    let model = try Model(Checkpoint.open(path))
    try Conversion(model, to: "safetensors", as: .hf, at: "\(scratch.path)/again").run()
    #expect(try Contents("\(scratch.path)/again") == Contents(path))
    for type in [nil, DType.bf16] {
      var kept = try Conversion(model, to: "safetensors", as: nil, at: "\(scratch.path)/kept \(type?.rawValue ?? "")")
      kept.target.dtype = type
      try kept.run()
      let again = try Model(Checkpoint.open(kept.destination))
      #expect(again.parameters.schemes == model.parameters.schemes)
    }
    let plain = try model.applying(.dequantize)
    try Conversion(plain, to: "tf", as: .original, at: "\(scratch.path)/plain").run()
    let written = try Model(Checkpoint.open("\(scratch.path)/plain"))
    #expect(written.checkpoint.tensors.allSatisfy { $0.encoding == .plain(.f32) })
    let report = try Verification(of: written, against: model, policy: .exact).compare(on: .standard)
    #expect(report.holds && report.tensors.allSatisfy { $0.verdict == .equal })
  }

  /// A bundle has no metadata, and codes do not follow a transpose: neither may lose the meaning of the codes in silence.
  @Test(arguments: cases, [Dialect.Name.original, .hf, nil])
  func `what cannot say that it is quantized is refused`(it: Case, names: Dialect.Name?) throws {
    let model = try Model(Checkpoint.open(quantized(it).path))
    let work = try Conversion(model, to: "tf", as: names, at: "\(scratch.path)/tf")
    let error = #expect(throws: SmithError.self) { try work.run() }
    #expect(error?.kind == .refused && error?.remedy != nil)
    #expect(scratch.names() == ["quantized"])
  }

  /// One code, one row of codes in another order, one scale that is no number.
  @Test(arguments: cases)
  func `damage to codes or scales is found`(it: Case) throws {
    let (reference, path) = try quantized(it)
    let name = "\(reference.family)." + (reference.family == "albert"
      ? "encoder.albert_layer_groups.0.albert_layers.0.ffn.weight" : "encoder.layer.0.intermediate.dense.weight")
    let parameter = "layers.0.feedForward.up.weight"
    let file = try SafetensorsFile("\(path)/model.safetensors")

    var one = file
    one[bytes: name][5] ^= 0x10
    try one.write(to: "\(path)/model.safetensors")
    let row = try verify(path, against: reference).tensors.filter { $0.verdict == .approximate }
    #expect(row.map(\.name) == [parameter])

    var reversed = file
    reversed[bytes: name] = blockwiseReversed(file[bytes: name], it.scheme)
    try reversed.write(to: "\(path)/model.safetensors")
    let second = try verify(path, against: reference)
    #expect(!second.holds && second.failingTensors.map(\.name) == [parameter])

    var broken = file
    if it.scheme == "q8_0" { broken[bytes: name].replaceSubrange(0..<2, with: [0x00, 0x7E]) } else { broken[name + "_scale"][0] = .nan }
    try broken.write(to: "\(path)/model.safetensors")
    let third = try verify(path, against: reference)
    #expect(!third.holds && third.firstDivergence == "layers.0.output")
    #expect(third.failingTensors.map(\.name) == [parameter])
  }

  /// The codes of each block of q8_0 (behind its scale), or all codes, backwards.
  private func blockwiseReversed(_ bytes: [UInt8], _ scheme: String) -> [UInt8] {
    guard scheme == "q8_0" else { return bytes.reversed() }
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 34) {
      result += bytes[start..<(start + 2)]
      result += bytes[(start + 2)..<(start + 34)].reversed()
    }
    return result
  }

  @Test func `a matrix with a number that is none is refused by name`() throws {
    let folder = "\(scratch.path)/src"
    try FileManager.default.copyItem(atPath: Fixtures.path("trained/tiny_bert/hf"), toPath: folder)
    var file = try SafetensorsFile("\(folder)/model.safetensors")
    file["bert.encoder.layer.3.output.dense.weight"][9] = .infinity
    try file.write(to: "\(folder)/model.safetensors")
    for scheme in Schemes.all {
      let smaller = try Model(Checkpoint.open(folder)).applying(.quantize(scheme))
      let work = try Conversion(smaller, to: "safetensors", as: .hf, at: "\(scratch.path)/out")
      let error = #expect(throws: SmithError.self) { try work.run() }
      #expect(error?.kind == .refused && error?.place.item == "bert.encoder.layer.3.output.dense.weight")
    }
    #expect(scratch.names() == ["src"])
  }
}
