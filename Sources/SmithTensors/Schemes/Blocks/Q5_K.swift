import CKernels

extension QuantizationScheme where Self == Q5_K {
  /// Super-blocks of 256 codes of five bits, whose 8 scales and minima have six.
  public static var q5_k: Q5_K { Q5_K() }
}

/// `q5_k`: 256 weights, 176 bytes: as `q4_k` with 32 bytes of the codes' fifth bits before their low four. The search tries 17
/// spans.
public struct Q5_K: BlockScheme {
  public let name = "q5_k"
  public let block = SchemeBlock(
    length: 256, bytes: 176, encoder: ws_q5_k_encode, decoder: ws_q5_k_decode,
    weigher: ws_q5_k_weigh)
  public var substitute: (any QuantizationScheme)? { Q5_1() }

  public init() {}
}
