import CKernels

extension QuantizationScheme where Self == Q5_1 {
  /// Blocks of 32 codes of five bits with a half-precision scale and minimum.
  public static var q5_1: Q5_1 { Q5_1() }
}

/// `q5_1`: 32 weights, 24 bytes: the scale d = (max - min) / 31 and the minimum m as f16, the fifth bits of the codes as a u32,
/// and their low four, two to a byte. w = d · code + m.
public struct Q5_1: BlockScheme {
  public let name = "q5_1"
  public let block = SchemeBlock(
    length: 32, bytes: 24, encoder: ws_q5_1_encode, decoder: ws_q5_1_decode,
    weigher: ws_q5_1_weigh)

  public init() {}
}
