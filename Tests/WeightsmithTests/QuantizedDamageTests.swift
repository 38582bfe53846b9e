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
    if it.scheme == "q8_0" {
      broken[bytes: name].replaceSubrange(0..<2, with: [0x00, 0x7E])
    } else {
      broken[name + "_scale"][0] = .nan
    }
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
      #expect(
        error?.kind == .refused && error?.place.item == "bert.encoder.layer.3.output.dense.weight")
    }
    #expect(scratch.names() == ["src"])
  }
}
