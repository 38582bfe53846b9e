import SmithBytes
import SmithTensors
import Testing

/// What the schemes of ggml have in common, walked from their list.
@Suite struct BlockSchemeTests {
  static let names = (Schemes.all + Schemes.readOnly).filter { $0 is any BlockScheme }.map(\.name)
  static let written = Schemes.all.filter { $0 is any BlockScheme }.map(\.name)

  private func scheme(_ name: String) throws -> any BlockScheme {
    try #require(Schemes.named(name) as? any BlockScheme)
  }

  @Test func `there are sixteen, and one is only read`() {
    #expect(Self.names.count == 16 && Set(Self.names).count == 16)
    #expect(Set(Self.names).subtracting(Self.written) == ["q8_k"])
  }

  @Test(arguments: names) func `a row is its blocks, and other rows are refused`(
    _ name: String
  ) throws {
    let scheme = try scheme(name)
    let (length, bytes) = (scheme.block.length, scheme.block.bytes)
    #expect(try scheme.components(shape: [5, 3 * length]).map(\.shape) == [[5, 3 * bytes]])
    for columns in [1, length - 1, length + 1, 2 * length + 16] {
      do throws(SmithError) {
        _ = try scheme.components(shape: [2, columns])
        Issue.record("not refused")
      } catch { #expect(error.kind == .unsupported) }
    }
  }

  /// The bytes that libggml makes of zeros (formats §8.2).
  struct Zeros: Sendable {
    var name: String
    var bytes: [UInt8]

    init(_ name: String, _ parts: (byte: UInt8, count: Int)...) {
      self.name = name
      bytes = parts.flatMap { [UInt8](repeating: $0.byte, count: $0.count) }
    }
  }

  static let zeros = [
    Zeros("q4_0", (0, 1), (0x80, 1), (0x88, 16)), Zeros("q4_1", (0, 20)),
    Zeros("q5_0", (0, 1), (0x80, 1), (0xFF, 4), (0, 16)), Zeros("q5_1", (0, 24)),
    Zeros("q8_0", (0, 34)), Zeros("q2_k", (0, 84)), Zeros("q3_k", (0, 110)),
    Zeros("q4_k", (0, 144)),
    Zeros("q5_k", (0, 176)), Zeros("q6_k", (0, 210)), Zeros("iq4_nl", (0, 2), (0x88, 16)),
    Zeros("iq4_xs", (0, 1), (0x80, 1), (0xAA, 2), (0, 4), (0x88, 128)),
    Zeros("tq1_0", (0x80, 48), (0x7F, 4), (0, 2)), Zeros("tq2_0", (0x55, 64), (0, 2)),
    Zeros("mxfp4", (0, 17)),
  ]

  @Test(arguments: zeros) func `zeros have these bytes`(_ it: Zeros) throws {
    let scheme = try scheme(it.name)
    let values = [Float](repeating: 0, count: scheme.block.length)
    #expect(try scheme.encode(values, shape: [1, values.count]) == [it.bytes])
    #expect(try scheme.decode([it.bytes], shape: [1, values.count]).allSatisfy { $0 == 0 })
  }

  @Test func `every scheme that is written has its zeros above`() {
    #expect(Set(Self.zeros.map(\.name)) == Set(Self.written))
  }

  /// Whatever the bytes are: as many numbers as weights, the same ones each time.
  @Test(arguments: names) func `any bytes decode`(_ name: String) throws {
    let scheme = try scheme(name)
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for _ in 0..<200 {
      let bytes = (0..<(3 * scheme.block.bytes)).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
      }
      let values = try scheme.decode([bytes], shape: [3, scheme.block.length])
      #expect(values.count == 3 * scheme.block.length)
    }
    for byte in [UInt8(0), 0x7F, 0x80, 0xFF] {
      let bytes = [UInt8](repeating: byte, count: scheme.block.bytes)
      #expect(try scheme.decode([bytes], shape: [1, scheme.block.length]).count > 0)
    }
  }

  /// The greatest finite numbers are too large for a half-precision scale: refused with their row, never an infinity in the file.
  @Test(arguments: written, [Float(1e9), 0x1p35, 0x1p36, 1e20, .greatestFiniteMagnitude])
  func `what the scale cannot hold is refused`(_ name: String, _ value: Float) throws {
    let scheme = try scheme(name)
    let length = scheme.block.length
    for sign in [Float(1), -1] {
      var values = [Float](repeating: 1, count: 5 * length)
      values[3 * length + 7] = sign * value
      if name == "mxfp4" {
        let parts = try scheme.encode(values, shape: [5, length])
        #expect(try scheme.decode(parts, shape: [5, length]).allSatisfy(\.isFinite))
        continue
      }
      do throws(SmithError) {
        _ = try scheme.encode(values, shape: [5, length])
        Issue.record("not refused")
      } catch {
        #expect(error.kind == .refused && error.detail.contains("row 3 "))
      }
    }
  }

  @Test func `blocks that are only read cannot be asked for`() throws {
    let scheme = try scheme("q8_k")
    #expect(!Schemes.all.contains { $0.name == "q8_k" })
    do throws(SmithError) {
      _ = try scheme.encode([Float](repeating: 1, count: 256), shape: [1, 256])
      Issue.record("not refused")
    } catch { #expect(error.kind == .unsupported) }
  }

  /// llama.cpp's `tensor_type_fallback`.
  static let substitutes: [(String, [Int: String?])] = [
    ("q2_k", [256: "q2_k", 320: "q4_0", 48: nil]), ("q3_k", [512: "q3_k", 32: "q4_0", 100: nil]),
    ("q4_k", [256: "q4_k", 384: "q5_0", 312: nil]), ("q5_k", [256: "q5_k", 64: "q5_1", 1: nil]),
    ("q6_k", [768: "q6_k", 96: "q8_0", 20: nil]),
    ("iq4_xs", [256: "iq4_xs", 32: "iq4_nl", 8: nil]),
    ("tq1_0", [256: "tq1_0", 128: "q4_0", 33: nil]),
    ("tq2_0", [256: "tq2_0", 128: "q4_0", 33: nil]),
    ("q4_0", [32: "q4_0", 48: nil]), ("mxfp4", [32: "mxfp4", 16: nil]),
  ]

  @Test func `rows that do not fit go to the substitute`() throws {
    for (name, rows) in Self.substitutes {
      let scheme = try scheme(name)
      for (columns, wanted) in rows {
        #expect(scheme.holding([4, columns])?.name == wanted, "\(name) \(columns)")
      }
    }
  }
}
