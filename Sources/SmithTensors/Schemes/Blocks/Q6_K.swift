import CKernels

extension QuantizationScheme where Self == Q6_K {
  /// Super-blocks of 256 codes of six bits, whose 16 scales are signed bytes.
  public static var q6_k: Q6_K { Q6_K() }
}

/// `q6_k`: 256 weights, 210 bytes: 128 bytes of the codes' low four bits, 64 of their high two, 16 signed scales, one per 16
/// weights, and d as f16. w = d · scale · (code - 32). The scale of least Σw²·error² among 19.
public struct Q6_K: BlockScheme {
  public let name = "q6_k"
  public let block = SchemeBlock(
    length: 256, bytes: 210, encoder: ws_q6_k_encode, decoder: ws_q6_k_decode,
    weigher: ws_q6_k_weigh)
  public var substitute: (any QuantizationScheme)? { Q8_0() }

  public init() {}
}
