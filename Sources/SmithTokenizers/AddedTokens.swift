import SmithBytes

/// A token that is looked for in the text itself, before any model sees it: `[MASK]`, or one that fine-tuning added.
public struct AddedToken: Hashable, Sendable {
  public var id: Int
  public var content: String
  /// Only where it stands alone, not inside a word.
  public var singleWord = false
  /// Takes the white space on its left along.
  public var stripsLeft = false
  /// Takes the white space on its right along.
  public var stripsRight = false
  /// Is looked for in the normalized text, itself normalized.
  public var isNormalized = false
  /// Stands for no text.
  public var isSpecial = true

  public init(id: Int, content: String) {
    self.id = id
    self.content = content
  }
}

/// The added tokens of a tokenizer.
public struct AddedTokens: Sendable {
  /// Where tokens are looked for.
  enum Phase: CaseIterable { case raw, normalized }

  enum Part {
    case token(Piece)
    case text(Word)
  }

  /// In the order of their ids.
  public private(set) var tokens: [AddedToken] = []
  private var byID: [Int: Int] = [:]
  /// What is looked for in each phase; values are places in `tokens`.
  private var raw = PieceTrie()
  private var normalized = PieceTrie()
  private var phases: Set<Phase> = []
  private var exact = PieceTrie()

  public init() {}

  /// - Parameters:
  ///   - tokens: Of two with one id or one text the first counts.
  ///   - normalizers: What texts go through before normalized tokens are looked for.
  /// - Throws: `.limit` for too many tokens.
  public init(
    _ tokens: [AddedToken], normalizers: [any Normalizer] = []
  ) throws(SmithError) {
    guard tokens.count <= Self.countLimit else {
      throw SmithError(.limit, "\(tokens.count) added tokens")
    }
    for token in tokens.sorted(by: { $0.id < $1.id }) where byID[token.id] == nil {
      guard !token.content.isEmpty, token.id >= 0, token.id < Vocabulary.countLimit else {
        continue
      }
      let place = Int32(self.tokens.count)
      byID[token.id] = self.tokens.count
      self.tokens.append(token)
      _ = try exact.insert(token.content.utf8, id: place)
      guard token.isNormalized else {
        _ = try raw.insert(token.content.utf8, id: place)
        phases.insert(.raw)
        continue
      }
      var content = AlignedText(token.content)
      for normalizer in normalizers { normalizer.normalize(&content) }
      guard !content.isEmpty else { continue }
      _ = try normalized.insert(content.string.utf8, id: place)
      phases.insert(.normalized)
    }
  }

  /// More than any tokenizer adds.
  private static let countLimit = 1 << 20

  public func token(_ id: Int) -> AddedToken? {
    id > greatest ? nil : byID[id].map { tokens[$0] }
  }

  public func id(of content: String) -> Int? {
    exact.id(of: content.utf8).map { tokens[$0].id }
  }

  public func isSpecial(_ id: Int) -> Bool { token(id)?.isSpecial ?? false }

  /// The greatest id, or -1.
  var greatest: Int { tokens.last?.id ?? -1 }

  /// The text between the tokens of a phase, and the tokens: leftmost first, the longest where several begin at one place.
  func cut(_ text: AlignedText, _ phase: Phase) -> [Part] {
    guard phases.contains(phase) else { return text.isEmpty ? [] : [.text(text[...])] }
    let trie = phase == .raw ? raw : normalized
    var parts: [Part] = []
    var start = 0
    var position = 0
    while position < text.count {
      guard let match = longest(in: text, at: position, trie) else {
        position += 1
        continue
      }
      var (left, right) = (position, match.end)
      if match.token.stripsLeft {
        while left > start, text[left - 1].scalar.isWhiteSpace { left -= 1 }
      }
      if match.token.stripsRight {
        while right < text.count, text[right].scalar.isWhiteSpace { right += 1 }
      }
      if left > start { parts.append(.text(text[start..<left])) }
      parts.append(.token(Piece(id: match.token.id, of: text[left..<right])))
      start = right
      position = right
    }
    if start < text.count { parts.append(.text(text[start...])) }
    return parts
  }

  private func longest(
    in text: AlignedText, at start: Int, _ trie: PieceTrie
  ) -> (token: AddedToken, end: Int)? {
    var best: (AddedToken, Int)?
    var node = PieceTrie.root
    var position = start
    while position < text.count, let next = trie.step(from: node, text[position].scalar) {
      node = next
      position += 1
      if let place = trie.id(at: node) { best = (tokens[place], position) }
    }
    guard let best else { return nil }
    if best.0.singleWord, isWord(text, start - 1) || isWord(text, best.1) { return nil }
    return best
  }

  /// Whether a letter, a numeral or an underscore stands there.
  private func isWord(_ text: AlignedText, _ position: Int) -> Bool {
    guard text.indices.contains(position) else { return false }
    let scalar = text[position].scalar
    return scalar.isLetter || scalar.isNumeral || scalar.isNonspacingMark || scalar == "_"
  }
}
