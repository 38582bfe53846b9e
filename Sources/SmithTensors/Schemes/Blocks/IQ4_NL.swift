import CKernels

extension QuantizationScheme where Self == IQ4_NL {
  /// Blocks of 32 codes of four bits into a table with unequal steps.
  public static var iq4_nl: IQ4_NL { IQ4_NL() }
}

/// `iq4_nl`: 32 weights, 18 bytes: the scale d as f16 and 32 codes into a table of 16 levels from -127 to 113, denser around zero,
/// two to a byte. w = d · level. The scale of least Σw²·error² among 16.
public struct IQ4_NL: BlockScheme {
  public let name = "iq4_nl"
  public let block = SchemeBlock(
    length: 32, bytes: 18, encoder: ws_iq4_nl_encode, decoder: ws_iq4_nl_decode,
    weigher: ws_iq4_nl_weigh)

  public init() {}
}
