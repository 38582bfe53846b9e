import SmithBytes
import SmithTensors
import TestSupport
import Testing

/// Levels and small floats against bitsandbytes, torch and numpy (Fixtures/generate/levels.py).
@Suite struct LevelSchemeTests {
  static let shape = [24, 512]
  static let names = Schemes.all.compactMap { ($0 as? LevelScheme)?.name }
  let matrix: [Float]

  init() throws {
    matrix = try [Float](converting: try Fixtures.bytes("schemes/matrix.bin"), from: .f32)
  }

  @Test func `each is listed and found by its name`() {
    #expect(
      Self.names == [
        "nf4", "nf4-dq", "fp4", "fp4-dq", "fp8-e4m3", "fp8-e4m3-tensor", "fp8-e5m2",
        "fp8-e5m2-tensor",
      ])
    for name in Self.names + ["nf4-g128", "fp4-g256-dq", "fp4-e2m1-g32", "fp8-e4m3-g32"] {
      #expect(Schemes.named(name)?.name == name)
    }
    for name in [
      "nf", "nf4-", "nf4-g64", "nf4-g0", "nf4-g63", "nf4-tensor", "nf4-channel", "fp8",
      "fp8-e4m3-dq",
      "fp8-e4m3-channel", "nf4-dq-g128", "nf4-dq-dq", "NF4", "fp4-e2m1-",
      "nf4-g9223372036854775808",
    ] {
      #expect(Schemes.named(name) == nil, "\(name)")
    }
  }

  @Test(arguments: names) func `codes, scales and values are the reference's`(_ name: String) throws
  {
    let truth = try #require(try JSON.parse(try Fixtures.bytes("levels/codes.json"))[name])
    let scheme = try #require(Schemes.named(name))
    let parts = try scheme.encode(matrix, shape: Self.shape)
    #expect(
      parts.map { Int(CRC32C.of($0)) } == truth["components"]?.arrayValue?.map(\.intValue))
    let values = try scheme.decode(parts, shape: Self.shape)
    #expect(
      Int(CRC32C.of(values.withUnsafeBytes { Array<UInt8>($0) })) == truth["values"]?.intValue)
  }

  /// The definition of the OCP microscaling formats; halves of steps go to the first of two levels, as for all tables.
  @Test func `four-bit floats are the nearest of theirs`() throws {
    let scheme = try #require(Schemes.named("fp4-e2m1-g16"))
    let values: [Float] = [
      6, -6, 0.5, 0.3, -0.2, 0, 1.3, 5.1, 4.9, 2.4, 2.6, 3.6, -3.4, 1.7, 0.7, 0.8,
    ]
    let parts = try scheme.encode(values, shape: [1, 16])
    #expect(
      try scheme.decode(parts, shape: [1, 16]) == [
        6, -6, 0.5, 0.5, 0, 0, 1.5, 6, 4, 2, 3, 4, -3, 1.5, 0.5, 1,
      ])
    #expect(parts[0][0] == 0xF7)
  }

  @Test func `rows that are no whole blocks go to a scale per row`() {
    #expect(Schemes.named("nf4")?.holding([2, 96])?.name == "int8-channel")
    #expect(Schemes.named("fp8-e4m3")?.holding([2, 95])?.name == "fp8-e4m3")
  }

  /// What a file may claim of shared components, which no row vouches for.
  @Test func `scales of scales that are too few are refused`() throws {
    let scheme = try #require(Schemes.named("nf4-dq"))
    let parts = try scheme.encode(matrix, shape: Self.shape)
    for index in 2..<6 {
      var broken = parts
      broken[index] = []
      let error = #expect(throws: SmithError.self) {
        try scheme.decode(broken, shape: Self.shape)
      }
      #expect(error?.kind == .mismatch)
    }
    var values = [Float](repeating: 0, count: 512)
    var span = values.mutableSpan
    do throws(SmithError) {
      let row = [Array(parts[0].prefix(256)), Array(parts[1].prefix(8))] + parts[2...]
      try scheme.decode(row, columns: 512, firstRow: 1 << 40, into: &span)
      Issue.record("not refused")
    } catch { #expect(error.kind == .mismatch) }
  }
}
