import CKernels

/// `q8_k`: 256 weights, 292 bytes: the scale d as f32, 256 signed codes, and the sums of each 16 of them. w = d · code. ggml works
/// with such blocks and does not keep them: they are read, and written by no scheme of ours.
public struct Q8_K: BlockScheme {
  public let name = "q8_k"
  public let block = SchemeBlock(
    length: 256, bytes: 292, encoder: nil, decoder: ws_q8_k_decode)

  public init() {}
}
