import Foundation
import TestSupport
import Testing
import Weightsmith

/// Other element types: rounded to the nearest, or refused where a number would be lost.
@Suite struct PrecisionTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Nearest even, from the bits.
  static func bf16(_ value: Float) -> [UInt8] {
    let bits = value.bitPattern
    let rounded = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    return [UInt8(truncatingIfNeeded: rounded), UInt8(rounded >> 8)]
  }

  private func convert(
    _ path: String, to type: DType, names: Dialect.Name? = .hf, at name: String
  ) throws -> String {
    let model = try Model(Checkpoint.open(path))
    let destination = "\(scratch.path)/\(name)"
    var work = try Conversion(model, to: "safetensors", as: names, at: destination)
    work.target.dtype = type
    try work.run()
    return destination
  }

  @Test(arguments: ["models/albert/hf", "models/bert/hf", "trained/tiny_bert/hf"], [true, false])
  func `bf16 is the nearest value of every number`(folder: String, keepingNames: Bool) throws {
    let old = try SafetensorsFile(Fixtures.path(folder) + "/model.safetensors")
    let out = try convert(
      Fixtures.path(folder), to: .bf16, names: keepingNames ? nil : .hf, at: "out")
    let written = try Contents(out)
    for (name, tensor) in written.tensors where tensor.encoding == .plain(.bf16) {
      #expect(tensor.bytes == old[name].flatMap(Self.bf16), "\(name)")
    }
    #expect(
      written.tensors.values.allSatisfy { $0.encoding == .plain(.bf16) }
        && written.tensors.count > 20)
    try expectReduced(out, Fixtures.path(folder))
  }

  #if !(os(macOS) && arch(x86_64))
    @Test(arguments: ["models/albert/hf", "models/bert/hf"])
    func `f16 is the nearest value of every number`(folder: String) throws {
      let old = try SafetensorsFile(Fixtures.path(folder) + "/model.safetensors")
      let out = try convert(Fixtures.path(folder), to: .f16, at: "out")
      for (name, tensor) in try Contents(out).tensors {
        let expected = old[name].map { Float16($0).bitPattern }
        #expect(tensor.encoding == .plain(.f16))
        #expect(
          tensor.bytes == expected.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] },
          "\(name)")
      }
      try expectReduced(out, Fixtures.path(folder))
    }
  #endif

  /// Verify knows the rounding as ours: every parameter is what the reference gives in that type.
  private func expectReduced(_ candidate: String, _ reference: String) throws {
    let verification = try Verification(
      of: Model(Checkpoint.open(candidate)), against: Model(Checkpoint.open(reference)))
    let report = try verification.compare(on: .standard)
    #expect(report.holds && report.policy == .reduced)
    #expect(report.tensors.allSatisfy { [.encoded, .equal].contains($0.verdict) })
    #expect(report.tensors.contains { $0.verdict == .encoded })
  }

  /// 65519 is still nearer to the largest half, 65504; 65520 is not.
  @Test(
    arguments: [
      (Float(65519), DType.f16, true), (65520, .f16, false), (-70000, .f16, false),
      (.infinity, .f16, true), (.nan, .f16, true), (70000, .bf16, true),
      (.greatestFiniteMagnitude, .bf16, false),
    ],
    [Dialect.Name.hf, nil])
  func `a finite number never becomes an infinity`(
    number: (value: Float, type: DType, fits: Bool), names: Dialect.Name?
  ) throws {
    let culprit = "bert.encoder.layer.2.intermediate.dense.weight"
    try FileManager.default.copyItem(
      atPath: Fixtures.path("models/bert/hf/config.json"), toPath: "\(scratch.path)/config.json")
    var file = try SafetensorsFile(Fixtures.path("models/bert/hf/model.safetensors"))
    file[culprit][17] = number.value
    try file.write(to: "\(scratch.path)/model.safetensors")
    if number.fits {
      let out = try convert(scratch.path, to: number.type, names: names, at: "out")
      #expect(try Contents(out).tensors[culprit]?.encoding == .plain(number.type))
    } else {
      let error = #expect(throws: SmithError.self) {
        try convert(scratch.path, to: number.type, names: names, at: "out")
      }
      #expect(error?.kind == .refused && error?.place.item == culprit)
      #expect(scratch.names() == ["config.json", "model.safetensors"])
    }
  }

  /// All tensors that lose numbers are named, the worst first; on request they are cut to the largest half, and counted.
  @Test(arguments: [Dialect.Name.hf, nil])
  func `overflow is refused with all its tensors, or cut on request`(names: Dialect.Name?) throws {
    let layers = "bert.encoder.layer"
    try FileManager.default.copyItem(
      atPath: Fixtures.path("models/bert/hf/config.json"), toPath: "\(scratch.path)/config.json")
    var file = try SafetensorsFile(Fixtures.path("models/bert/hf/model.safetensors"))
    file["\(layers).2.intermediate.dense.weight"][17] = 70000
    file["\(layers).0.intermediate.dense.weight"][3] = -1e30
    file["\(layers).0.intermediate.dense.weight"][4] = 1e-30
    file["\(layers).0.intermediate.dense.weight"][5] = 99999
    try file.write(to: "\(scratch.path)/model.safetensors")
    let error = #expect(throws: SmithError.self) {
      try convert(scratch.path, to: .f16, names: names, at: "out")
    }
    #expect(error?.kind == .refused)
    #expect(error?.place.item == "\(layers).0.intermediate.dense.weight")
    #expect(error?.detail.contains("\(layers).2.intermediate.dense.weight") == true)
    let out = "\(scratch.path)/out"
    var work = try Conversion(
      Model(Checkpoint.open(scratch.path)), to: "safetensors", as: names, at: out)
    work.target.dtype = .f16
    work.target.saturates = true
    let report = try work.run()
    let worst = try #require(report.casts.first)
    #expect(worst.tensor == "\(layers).0.intermediate.dense.weight")
    #expect(worst.range.overflows == 2 && worst.range.underflows >= 1)
    #expect(worst.range.largest == Double(Float(1e30)))
    let bytes = try #require(Contents(out).tensors[worst.tensor]?.bytes)
    #expect(Array(bytes[6..<12]) == [0xFF, 0xFB, 0, 0, 0xFF, 0x7B])
  }
}
