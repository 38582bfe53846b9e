import CKernels

extension QuantizationScheme where Self == Q3_K {
  /// Super-blocks of 256 codes of three bits, whose 16 scales have six.
  public static var q3_k: Q3_K { Q3_K() }
}

/// `q3_k`: 256 weights, 110 bytes: 32 bytes of the codes' third bits, 64 of their low two, 12 of sixteen 6-bit scales, and d as
/// f16. w = d · (scale - 32) · (code - 4). The codes are searched one after the other for the least Σw²·error².
public struct Q3_K: BlockScheme {
  public let name = "q3_k"
  public let block = SchemeBlock(
    length: 256, bytes: 110, encoder: ws_q3_k_encode, decoder: ws_q3_k_decode,
    weigher: ws_q3_k_weigh)
  public var substitute: (any QuantizationScheme)? { Q4_0() }

  public init() {}
}
