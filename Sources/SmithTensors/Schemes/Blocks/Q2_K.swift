import CKernels

extension QuantizationScheme where Self == Q2_K {
  /// Super-blocks of 256 codes of two bits, whose 16 scales and minima have four.
  public static var q2_k: Q2_K { Q2_K() }
}

/// `q2_k`: 256 weights, 84 bytes: 16 bytes of a 4-bit scale and a 4-bit minimum per 16 weights, 64 bytes of 2-bit codes, and d and
/// dmin as f16. w = d · scale · code - dmin · minimum. Scale and minimum are searched: least Σ|w|·|error| of 17 spans.
public struct Q2_K: BlockScheme {
  public let name = "q2_k"
  public let block = SchemeBlock(
    length: 256, bytes: 84, encoder: ws_q2_k_encode, decoder: ws_q2_k_decode,
    weigher: ws_q2_k_weigh)
  public var substitute: (any QuantizationScheme)? { Q4_0() }

  public init() {}
}
