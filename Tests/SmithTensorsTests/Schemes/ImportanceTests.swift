import SmithBytes
import SmithTensors
import TestSupport
import Testing

/// The schemes that take the importance of columns, against ggml's own library (Fixtures/generate/schemes.py).
@Suite struct ImportanceTests {
  static let shape = [24, 512]
  static let names = Schemes.all.filter(\.takesImportance).map(\.name)

  @Test func `they are those whose reference quantizers do`() {
    #expect(
      Self.names == [
        "q4_0", "q4_1", "q5_0", "q5_1", "q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "iq4_nl", "iq4_xs",
      ])
  }

  private func values() throws -> [Float] { try floats("schemes/matrix.bin") }
  private func importance() throws -> [Float] { try floats("schemes/importance.bin") }

  private func floats(_ name: String) throws -> [Float] {
    try [Float](converting: try Fixtures.bytes(name), from: .f32)
  }

  private func encode(
    _ scheme: any QuantizationScheme, _ values: [Float], rows: Range<Int>, _ importance: [Float]
  ) throws -> [UInt8] {
    let columns = Self.shape[1]
    let component = try #require(try scheme.components(shape: Self.shape).first)
    var parts = [[UInt8](repeating: 0, count: rows.count * component.rowBytes)]
    let own = Array(values[(rows.lowerBound * columns)..<(rows.upperBound * columns)])
    try scheme.encode(
      own.span, columns: columns, firstRow: rows.lowerBound, importance: importance.span,
      into: &parts)
    return parts[0]
  }

  @Test(arguments: names, [1, 5, 24]) func `blocks are libggml's, in any ranges of rows`(
    name: String, step: Int
  ) throws {
    let scheme = try #require(Schemes.named(name))
    let (values, importance) = (try values(), try importance())
    var blocks: [UInt8] = []
    for row in stride(from: 0, to: Self.shape[0], by: step) {
      blocks += try encode(scheme, values, rows: row..<min(24, row + step), importance)
    }
    #expect(try blocks == Fixtures.bytes("schemes/\(name)-weighed.bin"))
  }

  @Test(arguments: names) func `another number of columns is refused`(name: String) throws {
    let scheme = try #require(Schemes.named(name))
    let error = #expect(throws: SmithError.self) {
      _ = try encode(scheme, values(), rows: 0..<1, [1, 2, 3])
    }
    #expect(error?.kind == .mismatch)
  }

  @Test(arguments: Schemes.all.filter { !$0.takesImportance }.map(\.name))
  func `other schemes say that they take none`(name: String) throws {
    let scheme = try #require(Schemes.named(name))
    let error = #expect(throws: SmithError.self) {
      _ = try encode(scheme, values(), rows: 0..<1, importance())
    }
    #expect(error?.kind == .unsupported)
  }

  @Test(arguments: names, [Float.infinity, .nan, 1e30])
  func `a value that is not finite is refused with its row`(name: String, value: Float) throws {
    let scheme = try #require(Schemes.named(name))
    var values = try values()
    values[3 * 512 + 300] = value
    let error = #expect(throws: SmithError.self) {
      _ = try encode(scheme, values, rows: 1..<5, importance())
    }
    #expect(error?.kind == .refused && error?.detail.contains("row 3 ") == true)
  }
}
