import SmithBytes

extension Calibration {
  /// Reads what a model is to be calibrated on.
  ///
  /// JSON: rows of token ids, or an object whose `rows` or `input_ids` are such rows, or objects with `ids`. Anything else is lines: token ids
  /// between commas or spaces, or else text. Empty lines say nothing.
  ///
  /// - Throws: `.missing` for a file without rows, `.malformed` for one that is neither, and what reading throws.
  public init(file path: String, workers: Workers = .all) throws(SmithError) {
    do throws(SmithError) {
      let file = try InputFile(path)
      guard file.count <= Self.largestFile else {
        throw SmithError(.limit, "\(file.count) bytes to calibrate on")
      }
      let bytes = try file.bytes(0..<file.count)
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw SmithError(.malformed, "not UTF-8", remedy: "rows of token ids, or lines of text")
      }
      if let json = try Self.json(text, bytes) {
        self.init(.tokens(try Self.rows(json)), workers: workers)
      } else {
        self.init(try Self.lines(text), workers: workers)
      }
    } catch { throw error.at(file: path) }
  }

  /// Rows in brackets or an object, if that is what the file is: a text may begin with `[MASK]` or `[1]`.
  private static func json(_ text: String, _ bytes: [UInt8]) throws(SmithError) -> JSON? {
    let start = Array(text.lazy.filter { !$0.isWhitespace }.prefix(2))
    switch start.first {
    case "[":
      if start.count > 1, start[1].isNumber { return try? JSON.parse(bytes) }
      guard start.count < 2 || ["[", "{", "]"].contains(start[1]) else { return nil }
    case "{": guard start.count < 2 || start[1] == "\"" || start[1] == "}" else { return nil }
    default: return nil
    }
    return try JSON.parse(bytes)
  }

  /// 64 MiB: some ten million tokens.
  private static let largestFile = 64 << 20

  private static func rows(_ json: JSON) throws(SmithError) -> [[Int]] {
    let list = json.arrayValue ?? json["rows"]?.arrayValue ?? json["input_ids"]?.arrayValue
    guard let list, !list.isEmpty else {
      throw SmithError(.missing, "no rows of token ids", remedy: "[[2, 31, 51, 99, 3], …]")
    }
    var rows: [[Int]] = []
    for (index, row) in list.enumerated() {
      guard let values = row.arrayValue ?? row["ids"]?.arrayValue, !values.isEmpty else {
        throw SmithError(.malformed, "no token ids", at: Place(item: "row \(index)"))
      }
      let ids = values.compactMap(\.intValue)
      guard ids.count == values.count else {
        throw SmithError(.malformed, "token ids are integers", at: Place(item: "row \(index)"))
      }
      rows.append(ids)
    }
    return rows
  }

  private static func lines(_ text: String) throws(SmithError) -> VerificationInput {
    // As `tokenize` reads them: other characters that break lines stand within a text.
    let lines = text.split { $0 == "\n" || $0 == "\r\n" }
      .filter { $0.contains { !$0.isWhitespace } }
    guard !lines.isEmpty else {
      throw SmithError(
        .missing, "no text to calibrate on", remedy: "a line of text for each sequence")
    }
    let rows = lines.map { TokenIDs.row($0) }
    if !rows.contains(nil) { return .tokens(rows.compactMap { $0 }) }
    let ids = rows.count { $0 != nil }
    if ids > 1, 2 * ids >= rows.count, let wrong = rows.firstIndex(of: nil) {
      throw SmithError(
        .malformed, "no token ids, as the other lines are: \(lines[wrong].prefix(40))",
        at: Place(item: "row \(wrong)"))
    }
    return .text(lines.map(String.init))
  }
}
