/// The schemes, in the order in which they are listed.
public enum Schemes {
  public static let all: [any QuantizationScheme] =
    AffineScheme.listed + LevelScheme.listed + blocks

  /// ggml's.
  static let blocks: [any QuantizationScheme] = [
    Q8_0(),
    Q4_0(),
    Q4_1(),
    Q5_0(),
    Q5_1(),
    Q2_K(),
    Q3_K(),
    Q4_K(),
    Q5_K(),
    Q6_K(),
    IQ4_NL(),
    IQ4_XS(),
    TQ1_0(),
    TQ2_0(),
    MXFP4(),
  ]

  /// Those that are read, never written.
  public static let readOnly: [any QuantizationScheme] = [
    Q8_K()
  ]

  /// Forms of listed schemes that only a layout of another program asks for.
  public static let ofLayouts: [any QuantizationScheme] = [
    RowPeaks()
  ]

  private static let byName = Dictionary(
    uniqueKeysWithValues: (all + readOnly + ofLayouts).map { ($0.name, $0) })

  /// The scheme of that name, read-only ones included; nil where there is none. Schemes with parameters are found in every
  /// combination that their names can say, listed or not.
  public static func named(_ name: String) -> (any QuantizationScheme)? {
    byName[name] ?? AffineScheme(named: name) ?? LevelScheme(named: name)
  }
}
