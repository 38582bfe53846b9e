import Foundation
import SmithTensors
import TestSupport
import Testing

/// What casts lose, counted by torch.
@Suite struct CastRangeTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var type: String
    var bits: [UInt32]
    var overflows: Int
    var underflows: Int
    var subnormals: Int
    var largest: Double

    var testDescription: String { "\(name) to \(type)" }

    var bytes: [UInt8] {
      bits.flatMap { bits in (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) } }
    }
  }

  static let cases: [Case] = {
    let path = Fixtures.path("transforms/casts.json")
    let data = try? Data(contentsOf: URL(fileURLWithPath: path))
    return (try? JSONDecoder().decode([Case].self, from: data ?? Data())) ?? []
  }()

  private static func convert(
    _ bytes: [UInt8], from: DType, to type: DType
  ) throws -> [UInt8] {
    var made = [UInt8](repeating: 0, count: bytes.count / from.width * type.width)
    var span = made.mutableSpan
    var raw = span.mutableBytes
    try ElementConversion.convert(bytes.span.bytes, from: from, into: &raw, to: type)
    return made
  }

  @Test func `there are cases`() { #expect(Self.cases.count == 6) }

  @Test(arguments: cases, [DType.f32, .f64])
  func `is what torch counts`(row: Case, from: DType) throws {
    let type = try #require(DType(rawValue: row.type))
    let given = try from == .f32 ? row.bytes : Self.convert(row.bytes, from: .f32, to: .f64)
    var range = CastRange(to: type)
    // In two pieces, the second of which is short.
    let cut = (row.bits.count - 3) * from.width
    for part in [Array(given[..<cut]), Array(given[cut...])] {
      try range.add(part, from: from, converted: Self.convert(part, from: from, to: type))
    }
    #expect(range.count == row.bits.count)
    #expect(range.overflows == row.overflows)
    #expect(range.underflows == row.underflows)
    #expect(range.largest == row.largest)
    // A subnormal f32 is a normal f64.
    if from == .f32 { #expect(range.subnormals == row.subnormals) }
    #expect(range.isClean == (range.overflows + range.underflows + range.subnormals == 0))
  }

  /// ±65504 is the largest half; infinities and NaN stay what they are.
  @Test(arguments: [(DType.f16, Float(65504)), (.bf16, Float(bitPattern: 0x7F7F_0000))])
  func `saturates what overflows and nothing else`(type: DType, largest: Float) throws {
    let edges = try #require(Self.cases.first { $0.name == "edges" && $0.type == type.rawValue })
    let plain = try Self.convert(edges.bytes, from: .f32, to: type)
    var cut = plain
    ElementConversion.saturate(&cut, to: type, of: edges.bytes, from: .f32)
    let (before, after) = (
      try [Float](converting: plain, from: type), try [Float](converting: cut, from: type)
    )
    var changed = 0
    for (index, bits) in edges.bits.enumerated() {
      let value = Float(bitPattern: bits)
      if value.isFinite, before[index].isInfinite {
        #expect(after[index] == (value < 0 ? -largest : largest))
        changed += 1
      } else {
        #expect(after[index].bitPattern == before[index].bitPattern)
      }
    }
    #expect(changed == edges.overflows)
  }
}
