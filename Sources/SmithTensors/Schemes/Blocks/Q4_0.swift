import CKernels

extension QuantizationScheme where Self == Q4_0 {
  /// Blocks of 32 codes of four bits with a half-precision scale.
  public static var q4_0: Q4_0 { Q4_0() }
}

/// `q4_0`: 32 weights, 18 bytes: the scale d = m / -8 as f16, where m is the weight of largest magnitude with its sign, then 32
/// codes ⌊w / d + 8.5⌋, at most 15, two to a byte. w = d · (code - 8).
public struct Q4_0: BlockScheme {
  public let name = "q4_0"
  public let block = SchemeBlock(
    length: 32, bytes: 18, encoder: ws_q4_0_encode, decoder: ws_q4_0_decode,
    weigher: ws_q4_0_weigh)

  public init() {}
}
