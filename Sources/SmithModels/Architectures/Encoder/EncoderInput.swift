import SmithBytes

/// What an encoder reads: B sequences of S tokens.
public struct EncoderInput: Hashable, Sendable {
  /// Token ids [B, S].
  public var ids: [[Int]]
  /// 1 where a token is seen, 0 where it is padding [B, S].
  public var attentionMask: [[Int]]
  /// Segment of each token [B, S].
  public var tokenTypes: [[Int]]

  /// - Parameters:
  ///   - ids: Token ids [B, S].
  ///   - attentionMask: All ones by default.
  ///   - tokenTypes: All zeros by default.
  public init(ids: [[Int]], attentionMask: [[Int]]? = nil, tokenTypes: [[Int]]? = nil) {
    self.ids = ids
    self.attentionMask = attentionMask ?? ids.map { $0.map { _ in 1 } }
    self.tokenTypes = tokenTypes ?? ids.map { $0.map { _ in 0 } }
  }

  /// Sequences of different lengths, filled up on the right; the mask hides the padding.
  ///
  /// - Parameters:
  ///   - sequences: Token ids of each sequence.
  ///   - padding: The id of the padding token.
  public init(padding sequences: [[Int]], with padding: Int = 0) {
    let length = sequences.map(\.count).max() ?? 0
    func filled(_ row: [Int], with value: Int) -> [Int] {
      row + [Int](repeating: value, count: length - row.count)
    }
    self.init(
      ids: sequences.map { filled($0, with: padding) },
      attentionMask: sequences.map { filled($0.map { _ in 1 }, with: 0) })
  }

  /// B
  public var batch: Int { ids.count }

  /// S
  public var length: Int { ids.first?.count ?? 0 }
}

extension EncoderInput {
  /// Throws `.usage`, naming row and position, for whatever the configuration has no embedding for.
  func check(against configuration: EncoderConfiguration) throws(SmithError) {
    guard batch > 0, length > 0 else { throw SmithError(.usage, "the input has no tokens") }
    let positions = configuration.positions
    let usable = positions.usable(of: configuration.positionCount)
    let longest = ids.map { positions.needed(for: $0) }.max() ?? 0
    guard longest <= usable else {
      let tokens = positions.padding == nil ? "tokens" : "tokens besides padding"
      throw SmithError(
        .usage, "sequences of \(longest) \(tokens), but the model has \(usable) positions",
        remedy: "split the text into shorter sequences")
    }
    try check(ids, "token id", limit: configuration.vocabularySize)
    try check(attentionMask, "attention mask", limit: 2)
    try check(tokenTypes, "token type", limit: max(1, configuration.tokenTypeCount))
  }

  /// All rows as long as the first one of `ids`, all values in `0 ..< limit`.
  private func check(_ rows: [[Int]], _ what: String, limit: Int) throws(SmithError) {
    guard rows.count == batch else {
      throw SmithError(.usage, "\(rows.count) rows, expected \(batch)", at: Place(item: what))
    }
    for (row, values) in rows.enumerated() {
      guard values.count == length else {
        throw SmithError(
          .usage, "row \(row) has \(values.count) values, expected \(length)",
          at: Place(item: what), remedy: "EncoderInput(padding:) fills rows up")
      }
      if let position = values.firstIndex(where: { !(0..<limit).contains($0) }) {
        throw SmithError(
          .usage,
          "\(values[position]) in row \(row) at position \(position), expected 0 to \(limit - 1)",
          at: Place(item: what))
      }
    }
  }
}
