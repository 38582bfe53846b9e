/// Sizes as people write them.
public enum ByteSize {
  /// `500MB`, `1.5GB`, `1GiB` or plain bytes; nil for what is no size above 0.
  public static func parse(_ text: String) -> Int? {
    let units: [(String, Int)] = [
      ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1000), ("KB", 1000),
      ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1), ("", 1),
    ]
    guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }),
      let number = Double(text.dropLast(unit.count)), number > 0,
      number * Double(factor) < 0x1p62
    else { return nil }
    let bytes = Int(number * Double(factor))
    return bytes > 0 ? bytes : nil
  }
}
