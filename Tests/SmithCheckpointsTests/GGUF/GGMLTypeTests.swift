import SmithTensors
import Testing

@testable import SmithCheckpoints

@Suite struct GGMLTypeTests {
  /// What libggml 0.20.2 answers to `ggml_blck_size` and `ggml_type_size`: number, elements, bytes.
  private static let libggml: [(id: UInt32, name: String, elements: Int, bytes: Int)] = [
    (0, "f32", 1, 4), (1, "f16", 1, 2), (2, "q4_0", 32, 18), (3, "q4_1", 32, 20),
    (6, "q5_0", 32, 22), (7, "q5_1", 32, 24), (8, "q8_0", 32, 34), (9, "q8_1", 32, 36),
    (10, "q2_k", 256, 84), (11, "q3_k", 256, 110), (12, "q4_k", 256, 144), (13, "q5_k", 256, 176),
    (14, "q6_k", 256, 210), (15, "q8_k", 256, 292), (16, "iq2_xxs", 256, 66),
    (17, "iq2_xs", 256, 74), (18, "iq3_xxs", 256, 98), (19, "iq1_s", 256, 50),
    (20, "iq4_nl", 32, 18), (21, "iq3_s", 256, 110), (22, "iq2_s", 256, 82),
    (23, "iq4_xs", 256, 136), (24, "i8", 1, 1), (25, "i16", 1, 2), (26, "i32", 1, 4),
    (27, "i64", 1, 8), (28, "f64", 1, 8), (29, "iq1_m", 256, 56), (30, "bf16", 1, 2),
    (34, "tq1_0", 256, 54), (35, "tq2_0", 256, 66), (39, "mxfp4", 32, 17), (40, "nvfp4", 64, 36),
    (41, "q1_0", 128, 18), (42, "q2_0", 64, 18),
  ]

  @Test func `names and sizes are ggml's`() throws {
    #expect(GGMLType.all.count == Self.libggml.count)
    for row in Self.libggml {
      let type = try GGMLType.numbered(row.id)
      #expect(type.encoding.name == row.name && GGMLType.storing(type.encoding)?.id == row.id)
      #expect(type.blockLength == row.elements && type.blockBytes == row.bytes, "\(row.name)")
      #expect(try type.byteCount(shape: [3, 2 * row.elements]) == 6 * row.bytes)
      for word in type.halfWords ?? [] { #expect(word >= 0 && word + 2 <= row.bytes) }
    }
  }

  @Test func `a scheme we decode has ggml's sizes`() throws {
    for scheme in Schemes.all {
      guard let type = GGMLType.storing(.scheme(scheme.name)) else { continue }
      let components = try scheme.components(shape: [3, 2 * type.blockLength])
      #expect(components.map(\.shape) == [[3, 2 * type.blockBytes]], "\(scheme.name)")
    }
    #expect(
      GGMLType.storing(.scheme("q8_0")) != nil && GGMLType.storing(.scheme("int8-channel")) == nil)
  }
}
