import CKernels

extension QuantizationScheme where Self == MXFP4 {
  /// Blocks of 32 four-bit floats with a power of two as their scale.
  public static var mxfp4: MXFP4 { MXFP4() }
}

/// `mxfp4`: 32 weights, 17 bytes: the exponent e = ⌊log2 max|w|⌋ - 2 + 127 as a byte, then 32 codes of E2M1 (0, 0.5, 1, 1.5, 2, 3, 4, 6 and
/// their negatives), the nearest one, two to a byte. w = 2^(e - 127) · value.
public struct MXFP4: BlockScheme {
  public let name = "mxfp4"
  public let block = SchemeBlock(
    length: 32, bytes: 17, encoder: ws_mxfp4_encode, decoder: ws_mxfp4_decode)

  public init() {}
}
