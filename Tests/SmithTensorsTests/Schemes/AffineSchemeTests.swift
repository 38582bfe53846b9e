import SmithBytes
import SmithTensors
import TestSupport
import Testing

/// Codes with a scale and a zero per group against numpy (Fixtures/generate/affine.py), and the one-weight view of them.
@Suite struct AffineSchemeTests {
  static let shape = [24, 512]
  let matrix: [Float]

  init() throws {
    matrix = try [Float](converting: try Fixtures.bytes("schemes/matrix.bin"), from: .f32)
  }

  static let names = Schemes.all.compactMap { ($0 as? AffineScheme)?.name }

  @Test func `every width, granularity and kind of zero is listed and found by its name`() throws {
    #expect(Self.names.count == 7 * 5 * 2 + 6 * 3 && Set(Self.names).count == Self.names.count)
    for name in Self.names + ["int4-g16-asym-ordered", "int3-g256", "int4-g32-asym+mse"] {
      #expect(Schemes.named(name)?.name == name)
    }
    for name in [
      "int", "int1", "int9", "int4-", "int4-g", "int4-g0", "int4-g-1", "int4-g032", "int4-x",
      "int4-asym-g32", "int4+mse", "int4-g32+", "int4-g32+mse+mse", "int4-g32+min", "int04",
      "int+4", "int4-bias", "int4-channel-bias", "int4-g32-bias+mse", "int4-ordered",
      "int4-g9223372036854775808", "int4-g1048577", "INT4",
    ] {
      #expect(Schemes.named(name) == nil, "\(name)")
    }
    #expect(Schemes.named("int4-g32+mse")?.storedName == "int4-g32")
  }

  @Test(arguments: names) func `codes, scales, zeros and values are numpy's`(_ name: String) throws
  {
    let truth = try #require(try JSON.parse(try Fixtures.bytes("affine/codes.json"))[name])
    let scheme = try #require(Schemes.named(name))
    let parts = try scheme.encode(matrix, shape: Self.shape)
    #expect(
      parts.map { Int(CRC32C.of($0)) } == truth["components"]?.arrayValue?.map(\.intValue))
    let values = try scheme.decode(parts, shape: Self.shape)
    #expect(
      Int(CRC32C.of(values.withUnsafeBytes { Array<UInt8>($0) })) == truth["values"]?.intValue)
  }

  @Test(arguments: names) func `one weight at a time gives the same bytes`(_ name: String) throws {
    let scheme = try #require(Schemes.named(name) as? AffineScheme)
    let length = scheme.granularity == .tensor ? matrix.count : scheme.groupLength(columns: 512)
    var (codes, values): ([Int16], [Float]) = ([], [])
    var (scales, zeros): ([Float], [Float]) = ([], [])
    for first in stride(from: 0, to: matrix.count, by: length) {
      let group = Array(matrix[first..<(first + length)])
      let chosen = scheme.parameters(of: group.span)
      scales.append(chosen.scale)
      zeros.append(chosen.zero)
      for weight in group {
        let code = scheme.code(weight, scale: chosen.scale, zero: chosen.zero)
        codes.append(Int16(code))
        values.append(scheme.value(code, scale: chosen.scale, zero: chosen.zero))
      }
    }
    let parts = try scheme.pack(codes: codes, scales: scales, zeros: zeros, columns: 512)
    #expect(parts == (try scheme.encode(matrix, shape: Self.shape)))
    #expect(values == (try scheme.decode(parts, shape: Self.shape)))
  }

  @Test(arguments: names.filter { Schemes.named($0 + "+mse") != nil })
  func `a searched scale is never worse than the plain one`(_ name: String) throws {
    let plain = try #require(Schemes.named(name) as? AffineScheme)
    let searched = try #require(Schemes.named(name + "+mse") as? AffineScheme)
    let length = plain.groupLength(columns: 512)
    let one = try plain.decode(plain.encode(matrix, shape: Self.shape), shape: Self.shape)
    let parts = try searched.encode(matrix, shape: Self.shape)
    let other = try plain.decode(parts, shape: Self.shape)
    var better = 0
    for first in stride(from: 0, to: matrix.count, by: length) {
      func error(_ values: [Float]) -> Double {
        (first..<(first + length)).reduce(0) {
          $0 + (Double(values[$1]) - Double(matrix[$1])) * (Double(values[$1]) - Double(matrix[$1]))
        }
      }
      #expect(error(other) <= error(one), "\(first)")
      if error(other) < error(one) { better += 1 }
    }
    #expect(better * 4 > matrix.count / length)
    let group = Array(matrix[0..<length])
    #expect(
      [searched.parameters(of: group.span).scale]
        == (try [Float](converting: Array(parts[1].prefix(4)), from: .f32)))
  }

  @Test func `what does not belong together is not packed`() throws {
    let scheme = try #require(Schemes.named("int4-g32-asym") as? AffineScheme)
    let codes = [Int16](repeating: 3, count: 64)
    #expect(try scheme.pack(codes: codes, scales: [1, 1], zeros: [0, 15], columns: 64).count == 3)
    func fails(_ codes: [Int16], _ scales: [Float], _ zeros: [Float], _ columns: Int) -> Bool {
      do throws(SmithError) {
        _ = try scheme.pack(codes: codes, scales: scales, zeros: zeros, columns: columns)
        return false
      } catch { return true }
    }
    #expect(fails(codes, [1, 1], [0, 0], 0) && fails(codes, [1, 1], [0, 0], 63))
    #expect(fails(codes, [1], [0, 0], 64) && fails(codes, [1, 1], [0], 64))
    #expect(fails(codes, [1, 1], [0, 16], 64) && fails(codes, [1, 1], [.nan, 0], 64))
    #expect(fails([Int16](repeating: 16, count: 64), [1, 1], [0, 0], 64))
    #expect(fails([Int16](repeating: -1, count: 64), [1, 1], [0, 0], 64))
    #expect(fails(codes, [1, 1], [0, 0], 48))
  }

  @Test func `rows that are no whole groups go to smaller groups, then to a scale per row`() throws
  {
    let scheme = try #require(Schemes.named("int4-g128-asym"))
    for (columns, name) in [
      (256, "int4-g128-asym"), (192, "int4-g64-asym"), (96, "int4-g32-asym"),
      (33, "int4-channel-asym"),
    ] {
      #expect(scheme.holding([2, columns])?.name == name)
    }
    #expect(Schemes.named("int4-g64-bias")?.holding([2, 32]) == nil)
    #expect(Schemes.named("int3-g64+mse")?.holding([2, 32])?.name == "int3-g32+mse")
  }

  /// GPTQ's order of columns: what the group of each column says counts, and it must be one that is there.
  @Test func `columns may say which group they belong to`() throws {
    let scheme = try #require(Schemes.named("int4-g2-asym-ordered"))
    let codes: [UInt8] = [0x21, 0x43, 0x65, 0x87]
    let scales = [Float(1), 10, 100, 1000].withUnsafeBytes { Array<UInt8>($0) }
    func order(_ groups: [Int32]) -> [UInt8] { groups.withUnsafeBytes { Array<UInt8>($0) } }
    let values = try scheme.decode(
      [codes, scales, [0, 1, 2, 3], order([1, 0, 0, 1])], shape: [2, 4])
    #expect(values == [0, 2, 3, 30, 2000, 400, 500, 5000])
    for bad in [[1, 0, 0, 2], [1, 0, 0, -1], [1, 0, 0, .max], [1, 0, 0]] as [[Int32]] {
      let error = #expect(throws: SmithError.self) {
        try scheme.decode([codes, scales, [0, 1, 2, 3], order(bad)], shape: [2, 4])
      }
      #expect(error?.kind == .mismatch)
    }
  }
}
