import Foundation
import TestSupport
import Testing
import Weightsmith

/// Values that are no numbers must never pass as agreement, under any policy.
@Suite struct NotNumbersTests {
  /// The tiny trained ALBERT as int8, with the scales of one tensor overwritten by `pattern`.
  private func quantized(in scratch: Scratch, scales pattern: UInt32) throws -> (Model, Model) {
    let model = try Model(Checkpoint.open(Fixtures.path("trained/tiny_albert/hf")))
    let out = scratch.path + "/out"
    let scheme = try #require(Schemes.all.first { $0.name == "int8-channel" })
    let smaller = try model.applying(.quantize(scheme))
    let format = try Conversion.Target.format(named: "safetensors", for: out)
    let conversion = Conversion(.model(smaller), to: .init(format: format, names: .hf), at: out)
    _ = try conversion.run(conversion.prepare())
    let path = out + "/model.safetensors"
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSON.parse(Array(bytes[8..<(8 + length)]))
    let name = "albert.embeddings.word_embeddings.weight_scale"
    let range = header[name]?["data_offsets"]?.arrayValue?.compactMap(\.intValue) ?? []
    try #require(range.count == 2)
    for offset in stride(from: 8 + length + range[0], to: 8 + length + range[1], by: 4) {
      for byte in 0..<4 { bytes[offset + byte] = UInt8(truncatingIfNeeded: pattern >> (8 * byte)) }
    }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return (model, try Model(Checkpoint.open(out)))
  }

  @Test(
    arguments: [0x7FC0_0000, 0x7F80_0000] as [UInt32],
    [nil, "cosine>=0.1", "kl<=100", "top1>=0", "exact"])
  func `a candidate of NaN or infinity holds under no policy`(
    pattern: UInt32, policy: String?
  ) throws {
    let (model, damaged) = try quantized(in: Scratch(), scales: pattern)
    let chosen = try policy.map { try Policy(parsing: $0) }
    let report = try Verification(of: damaged, against: model, policy: chosen).compare(
      on: .standard)
    #expect(!report.holds)
    #expect(report.firstDivergence == "embeddings.norm" || report.firstDivergence?.isEmpty == false)
    #expect(try JSON.parse(Array(report.json.serialized().utf8)) == report.json)
  }

  @Test(arguments: ["cosine>=nan", "kl<=inf", "cosine>=", "", "top1>=0.5;"])
  func `a policy that demands no number is refused`(text: String) {
    #expect(throws: SmithError.self) { try Policy(parsing: text) }
  }
}
