import CKernels

extension QuantizationScheme where Self == Q5_0 {
  /// Blocks of 32 codes of five bits with a half-precision scale.
  public static var q5_0: Q5_0 { Q5_0() }
}

/// `q5_0`: 32 weights, 22 bytes: the scale d = m / -16 as f16 (m as in `q4_0`), the fifth bits of the codes as a u32, and their
/// low four, two to a byte. w = d · (code - 16).
public struct Q5_0: BlockScheme {
  public let name = "q5_0"
  public let block = SchemeBlock(
    length: 32, bytes: 22, encoder: ws_q5_0_encode, decoder: ws_q5_0_decode,
    weigher: ws_q5_0_weigh)

  public init() {}
}
