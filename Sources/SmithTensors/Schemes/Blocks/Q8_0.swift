import CKernels

extension QuantizationScheme where Self == Q8_0 {
  /// Blocks of 32 signed bytes with a half-precision scale.
  public static var q8_0: Q8_0 { Q8_0() }
}

/// `q8_0`: 32 weights, 34 bytes: the scale d = max|w| / 127 as f16, then 32 signed codes, w / d rounded half away from
/// zero. w = d · code.
public struct Q8_0: BlockScheme {
  public let name = "q8_0"
  public let block = SchemeBlock(
    length: 32, bytes: 34, encoder: ws_q8_0_encode, decoder: ws_q8_0_decode)

  public init() {}
}
