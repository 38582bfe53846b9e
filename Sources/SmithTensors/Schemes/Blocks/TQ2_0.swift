import CKernels

extension QuantizationScheme where Self == TQ2_0 {
  /// Super-blocks of 256 ternary digits of two bits.
  public static var tq2_0: TQ2_0 { TQ2_0() }
}

/// `tq2_0`: 256 weights, 66 bytes: the digits of `tq1_0` in two bits each, and the scale d = max|w| as f16. w = d · (digit - 1).
public struct TQ2_0: BlockScheme {
  public let name = "tq2_0"
  public let block = SchemeBlock(
    length: 256, bytes: 66, encoder: ws_tq2_0_encode, decoder: ws_tq2_0_decode)
  public var substitute: (any QuantizationScheme)? { Q4_0() }

  public init() {}
}
