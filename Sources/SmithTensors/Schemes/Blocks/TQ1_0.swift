import CKernels

extension QuantizationScheme where Self == TQ1_0 {
  /// Super-blocks of 256 ternary digits, five to a byte.
  public static var tq1_0: TQ1_0 { TQ1_0() }
}

/// `tq1_0`: 256 weights, 54 bytes: digits 0, 1, 2 in base 3, five to a byte (four in the last four bytes), and the scale
/// d = max|w| as f16. w = d · (digit - 1), digit = w / d rounded half away from zero, + 1.
public struct TQ1_0: BlockScheme {
  public let name = "tq1_0"
  public let block = SchemeBlock(
    length: 256, bytes: 54, encoder: ws_tq1_0_encode, decoder: ws_tq1_0_decode)
  public var substitute: (any QuantizationScheme)? { Q4_0() }

  public init() {}
}
