import Foundation
import TestSupport
import Testing
import Weightsmith

/// A quantized model that is not what it should be.
@Suite struct QuantizedDamageTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func verify(_ path: String, against reference: Model) throws -> VerificationReport {
    try Verification(of: Model(Checkpoint.open(path)), against: reference).compare(on: .standard)
  }

  /// One code, one row of codes in another order, one scale that is no number.
  @Test(arguments: QuantizedCase.all)
  func `damage to codes or scales is found`(it: QuantizedCase) throws {
    let (reference, path) = try it.written(in: scratch)
    let name =
      "\(reference.family)."
      + (reference.family == "albert"
        ? "encoder.albert_layer_groups.0.albert_layers.0.ffn.weight"
        : "encoder.layer.0.intermediate.dense.weight")
    let parameter = "layers.0.feedForward.up.weight"
    let file = try SafetensorsFile("\(path)/model.safetensors")
    let stored = try Model(Checkpoint.open(path)).parameters.schemes
    let scheme = try #require(stored["blocks.0.feedForward.up.weight"])

    var one = file
    one[bytes: name][5] ^= 0x10
    try one.write(to: "\(path)/model.safetensors")
    let row = try verify(path, against: reference).tensors.filter { $0.verdict == .approximate }
    #expect(row.map(\.name) == [parameter])

    let block = (Schemes.named(scheme) as? any BlockScheme)?.block
    var reversed = file
    reversed[bytes: name] = blockwiseReversed(file[bytes: name], block)
    try reversed.write(to: "\(path)/model.safetensors")
    let second = try verify(path, against: reference)
    #expect(!second.holds && second.failingTensors.map(\.name) == [parameter])

    var broken = file
    if scheme == "mxfp4" {
      broken[bytes: name][0] = 0xFF
    } else if block != nil {
      broken[bytes: name].replaceSubrange(0..<2, with: [0x00, 0x7E])
    } else {
      broken[name + "_scale"][0] = .nan
    }
    try broken.write(to: "\(path)/model.safetensors")
    let third = try verify(path, against: reference)
    #expect(!third.holds && third.failingTensors.map(\.name) == [parameter])
    let output = third.layers.first { $0.name == "layers.0.output" }
    #expect(output?.maxAbs.isFinite == false)
    if it.isFine { #expect(third.firstDivergence == "layers.0.output") }
  }

  /// The codes of each block (the last 16 bytes, 32 where each has a byte), or all codes, backwards.
  private func blockwiseReversed(_ bytes: [UInt8], _ block: SchemeBlock?) -> [UInt8] {
    guard let block else { return bytes.reversed() }
    let codes = block.bytes > 32 ? 32 : 16
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: block.bytes) {
      let (codesStart, end) = (start + block.bytes - codes, start + block.bytes)
      result += bytes[start..<codesStart] + bytes[codesStart..<end].reversed()
    }
    return result
  }

  @Test func `a matrix with a number that is none is refused by name`() throws {
    let folder = "\(scratch.path)/src"
    try FileManager.default.copyItem(atPath: Fixtures.path("trained/tiny_bert/hf"), toPath: folder)
    var file = try SafetensorsFile("\(folder)/model.safetensors")
    file["bert.encoder.layer.3.output.dense.weight"][9] = .infinity
    try file.write(to: "\(folder)/model.safetensors")
    for scheme in Schemes.all where scheme.holding([64, 64]) != nil {
      let smaller = try Model(Checkpoint.open(folder)).applying(.quantize(scheme))
      let work = try Conversion(smaller, to: "safetensors", as: .hf, at: "\(scratch.path)/out")
      let error = #expect(throws: SmithError.self) { try work.run() }
      #expect(
        error?.kind == .refused && error?.place.item == "bert.encoder.layer.3.output.dense.weight")
    }
    #expect(scratch.names() == ["src"])
  }
}
