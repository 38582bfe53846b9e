import CKernels

extension QuantizationScheme where Self == Q4_1 {
  /// Blocks of 32 codes of four bits with a half-precision scale and minimum.
  public static var q4_1: Q4_1 { Q4_1() }
}

/// `q4_1`: 32 weights, 20 bytes: the scale d = (max - min) / 15 and the minimum m as f16, then 32 codes ⌊(w - m) / d + 0.5⌋,
/// two to a byte. w = d · code + m.
public struct Q4_1: BlockScheme {
  public let name = "q4_1"
  public let block = SchemeBlock(
    length: 32, bytes: 20, encoder: ws_q4_1_encode, decoder: ws_q4_1_decode,
    weigher: ws_q4_1_weigh)

  public init() {}
}
