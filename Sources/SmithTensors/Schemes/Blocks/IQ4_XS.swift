import CKernels

extension QuantizationScheme where Self == IQ4_XS {
  /// Super-blocks of eight `iq4_nl` blocks whose scales have six bits.
  public static var iq4_xs: IQ4_XS { IQ4_XS() }
}

/// `iq4_xs`: 256 weights, 136 bytes: d as f16, the high two bits of eight 6-bit scales, their low four, and 128 bytes of codes into
/// the levels of `iq4_nl`. w = d · (scale - 32) · level.
public struct IQ4_XS: BlockScheme {
  public let name = "iq4_xs"
  public let block = SchemeBlock(
    length: 256, bytes: 136, encoder: ws_iq4_xs_encode, decoder: ws_iq4_xs_decode,
    weigher: ws_iq4_xs_weigh)
  public var substitute: (any QuantizationScheme)? { IQ4_NL() }

  public init() {}
}
