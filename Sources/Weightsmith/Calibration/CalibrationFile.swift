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
      let input: VerificationInput =
        Self.isJSON(text) ? .tokens(try Self.rows(JSON.parse(bytes))) : try Self.lines(text)
      self.init(input, workers: workers)
    } catch { throw error.at(file: path) }
  }

  /// Rows in brackets, or an object's first key: a text may begin with `[MASK]`.
  private static func isJSON(_ text: String) -> Bool {
    let start = Array(text.lazy.filter { !$0.isWhitespace }.prefix(2))
    return switch start.first {
    case "[": start.count < 2 || ["[", "{", "]"].contains(start[1]) || start[1].isNumber
    case "{": start.count < 2 || start[1] == "\"" || start[1] == "}"
    default: false
    }
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
    let lines = text.split(whereSeparator: \.isNewline)
      .filter { $0.contains { !$0.isWhitespace } }
    guard !lines.isEmpty else {
      throw SmithError(
        .missing, "no text to calibrate on", remedy: "a line of text for each sequence")
    }
    let fields = lines.map { $0.split { $0.isWhitespace || $0 == "," } }
    let numbers = fields.map { $0.compactMap { Int($0) } }
    if zip(fields, numbers).allSatisfy({ $0.count == $1.count }) { return .tokens(numbers) }
    return .text(lines.map(String.init))
  }
}
