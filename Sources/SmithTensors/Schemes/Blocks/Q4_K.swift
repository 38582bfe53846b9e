import CKernels

extension QuantizationScheme where Self == Q4_K {
  /// Super-blocks of 256 codes of four bits, whose 8 scales and minima have six.
  public static var q4_k: Q4_K { Q4_K() }
}

/// `q4_k`: 256 weights, 144 bytes: d and dmin as f16, 12 bytes of eight 6-bit scales and minima, one of each per 32 weights, and
/// 128 of codes, two to a byte. w = d · scale · code - dmin · minimum. Scale and minimum are searched: least weighted squared error
/// of 22 spans, weighted by √(mean w²) + |w|.
public struct Q4_K: BlockScheme {
  public let name = "q4_k"
  public let block = SchemeBlock(
    length: 256, bytes: 144, encoder: ws_q4_k_encode, decoder: ws_q4_k_decode,
    weigher: ws_q4_k_weigh)
  public var substitute: (any QuantizationScheme)? { Q5_0() }

  public init() {}
}
