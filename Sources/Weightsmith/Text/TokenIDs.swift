/// Rows of token ids as people write them.
public enum TokenIDs {
  /// Numbers between commas or white space; nil for anything else, and for nothing.
  public static func row(_ text: some StringProtocol) -> [Int]? {
    let fields = text.split { $0.isWhitespace || $0 == "," }
    let ids = fields.compactMap { Int($0) }
    return ids.count == fields.count && !ids.isEmpty ? ids : nil
  }
}
