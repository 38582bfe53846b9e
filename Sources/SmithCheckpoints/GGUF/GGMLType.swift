import SmithBytes
import SmithTensors

/// One of ggml's tensor types (formats §8): plain elements, or blocks of a row's elements with their scales.
struct GGMLType: Sendable {
  /// The number in a file.
  let id: UInt32
  let encoding: Encoding
  /// Elements of one block; 1 for plain types.
  let blockLength: Int
  /// Bytes of one block.
  let blockBytes: Int
  /// Where the 16-bit numbers of a block stand, for files in the other byte order; nil for layouts whose wider words we have no
  /// independent word on.
  let halfWords: [Int]?

  static let all: [GGMLType] = [
    plain(0, .f32), plain(1, .f16), plain(30, .bf16), plain(28, .f64),
    plain(24, .i8), plain(25, .i16), plain(26, .i32), plain(27, .i64),
    blocks(2, "q4_0", of: 32, bytes: 18, halfWords: [0]),
    blocks(3, "q4_1", of: 32, bytes: 20, halfWords: [0, 2]),
    blocks(6, "q5_0", of: 32, bytes: 22),
    blocks(7, "q5_1", of: 32, bytes: 24),
    blocks(8, "q8_0", of: 32, bytes: 34, halfWords: [0]),
    blocks(9, "q8_1", of: 32, bytes: 36, halfWords: [0, 2]),
    blocks(10, "q2_k", of: 256, bytes: 84, halfWords: [80, 82]),
    blocks(11, "q3_k", of: 256, bytes: 110, halfWords: [108]),
    blocks(12, "q4_k", of: 256, bytes: 144, halfWords: [0, 2]),
    blocks(13, "q5_k", of: 256, bytes: 176, halfWords: [0, 2]),
    blocks(14, "q6_k", of: 256, bytes: 210, halfWords: [208]),
    blocks(15, "q8_k", of: 256, bytes: 292),
    blocks(16, "iq2_xxs", of: 256, bytes: 66),
    blocks(17, "iq2_xs", of: 256, bytes: 74),
    blocks(18, "iq3_xxs", of: 256, bytes: 98),
    blocks(19, "iq1_s", of: 256, bytes: 50),
    blocks(20, "iq4_nl", of: 32, bytes: 18, halfWords: [0]),
    blocks(21, "iq3_s", of: 256, bytes: 110),
    blocks(22, "iq2_s", of: 256, bytes: 82),
    blocks(23, "iq4_xs", of: 256, bytes: 136, halfWords: [0, 2]),
    blocks(29, "iq1_m", of: 256, bytes: 56),
    blocks(34, "tq1_0", of: 256, bytes: 54, halfWords: [52]),
    blocks(35, "tq2_0", of: 256, bytes: 66, halfWords: [64]),
    blocks(39, "mxfp4", of: 32, bytes: 17, halfWords: []),
    blocks(40, "nvfp4", of: 64, bytes: 36, halfWords: []),
    blocks(41, "q1_0", of: 128, bytes: 18, halfWords: [0]),
    blocks(42, "q2_0", of: 64, bytes: 18, halfWords: [0]),
  ]

  /// Types that ggml had once; its readers refuse them.
  static let removed: [UInt32: String] = [
    4: "q4_2", 5: "q4_3", 31: "q4_0_4_4", 32: "q4_0_4_8", 33: "q4_0_8_8", 36: "iq4_nl_4_4",
    37: "iq4_nl_4_8", 38: "iq4_nl_8_8",
  ]

  private static let byID = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
  private static let byEncoding = Dictionary(uniqueKeysWithValues: all.map { ($0.encoding, $0) })

  private static func plain(_ id: UInt32, _ type: DType) -> GGMLType {
    GGMLType(
      id: id, encoding: .plain(type), blockLength: 1, blockBytes: type.width, halfWords: nil)
  }

  private static func blocks(
    _ id: UInt32, _ name: String, of length: Int, bytes: Int, halfWords: [Int]? = nil
  ) -> GGMLType {
    GGMLType(
      id: id, encoding: .scheme(name), blockLength: length, blockBytes: bytes,
      halfWords: halfWords)
  }

  /// The type of that number; `.unsupported` for one that is removed or unknown.
  static func numbered(_ id: UInt32) throws(SmithError) -> GGMLType {
    if let type = byID[id] { return type }
    if let name = removed[id] {
      throw SmithError(
        .unsupported, "the type \(id) (\(name)) was removed from ggml",
        remedy: "make the file anew with a current llama.cpp")
    }
    throw SmithError(.unsupported, "the type \(id) is unknown")
  }

  /// The type that stores an encoding; nil where ggml has none.
  static func storing(_ encoding: Encoding) -> GGMLType? { byEncoding[encoding] }

  /// The bytes of a tensor; blocks never straddle rows, so the last dimension must be whole blocks.
  func byteCount(shape: [Int]) throws(SmithError) -> Int {
    let row = shape.last ?? 1
    guard row % blockLength == 0 else {
      throw SmithError(
        .malformed,
        "rows of \(row) are no whole number of \(encoding.name) blocks of \(blockLength)")
    }
    // A 0 among the dimensions must not hide others whose product leaves 63 bits.
    var elements = 1
    for dimension in shape where dimension != 0 {
      elements = try elements.multiplied(checked: dimension)
    }
    if shape.contains(0) { return 0 }
    return try (elements / blockLength).multiplied(checked: blockBytes)
  }
}
