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
  /// By id, up to the greatest: the place in `tokens`, or -1.
  private var places: [Int32] = []
  private var raw = Search()
  private var normalized = Search()
  private var exact = PieceTrie()

  /// What is looked for in one phase; values are places in `tokens`.
  private struct Search: Sendable {
    var trie = PieceTrie()
    /// Whether a token begins with this byte: most of a text needs no closer look.
    private var begins = Array(repeating: false, count: 256)
    private(set) var isEmpty = true

    /// Of two tokens of one text the first is found.
    mutating func insert(_ content: String, _ place: Int32) throws(SmithError) {
      guard let first = content.utf8.first else { return }
      begins[Int(first)] = true
      isEmpty = false
      _ = try trie.insert(content.utf8, id: place)
    }

    @inline(__always)
    func mayBegin(_ scalar: Unicode.Scalar) -> Bool {
      if scalar.isASCII { return begins[Int(scalar.value)] }
      return UTF8.encode(scalar)?.first.map { begins[Int($0)] } ?? false
    }

    /// The longest token that begins there.
    func longest(in text: AlignedText, at start: Int) -> (place: Int, end: Int)? {
      var best: (Int, Int)?
      var node = PieceTrie.root
      var position = start
      while position < text.count, let next = trie.step(from: node, text[position].scalar) {
        node = next
        position += 1
        if let place = trie.id(at: node) { best = (place, position) }
      }
      return best
    }
  }

  public init() {}

  /// - Parameters:
  ///   - tokens: Of two with one id the first counts; of two that are looked for with one text the first special one.
  ///   - normalizers: What texts go through before normalized tokens are looked for.
  /// - Throws: `.limit` for too many tokens or one too long, `.malformed` for an id that none has.
  public init(
    _ tokens: [AddedToken], normalizers: [any Normalizer] = []
  ) throws(SmithError) {
    guard tokens.count <= Self.countLimit else {
      throw SmithError(.limit, "\(tokens.count) added tokens")
    }
    if let wrong = tokens.first(where: { !(0..<Vocabulary.countLimit).contains($0.id) }) {
      throw SmithError(
        .malformed, "the id \(wrong.id) of an added token", at: Place(item: wrong.content))
    }
    var known: Set<Int> = []
    let usable = tokens.filter { !$0.content.isEmpty && known.insert($0.id).inserted }
    self.tokens = usable.sorted { $0.id < $1.id }
    places = Array(repeating: -1, count: greatest + 1)
    for (place, token) in self.tokens.enumerated() { places[token.id] = Int32(place) }
    for token in usable.filter(\.isSpecial) + usable.filter({ !$0.isSpecial }) {
      try insert(token, places[token.id], normalizers)
    }
  }

  private mutating func insert(
    _ token: AddedToken, _ place: Int32, _ normalizers: [any Normalizer]
  ) throws(SmithError) {
    guard token.content.utf8.count <= Vocabulary.lengthLimit else {
      throw SmithError(.limit, "an added token of \(token.content.utf8.count) bytes")
    }
    _ = try exact.insert(token.content.utf8, id: place)
    guard token.isNormalized else { return try raw.insert(token.content, place) }
    var content = AlignedText(of: token.content)
    for normalizer in normalizers { normalizer.normalize(&content) }
    try normalized.insert(content.string, place)
  }

  /// More than any tokenizer adds.
  private static let countLimit = 1 << 20

  public func token(_ id: Int) -> AddedToken? { contains(id) ? tokens[Int(places[id])] : nil }

  @inline(__always)
  func contains(_ id: Int) -> Bool { id >= 0 && id < places.count && places[id] >= 0 }

  public func id(of content: String) -> Int? {
    exact.id(of: content.utf8).map { tokens[$0].id }
  }

  public func isSpecial(_ id: Int) -> Bool { token(id)?.isSpecial ?? false }

  /// The greatest id, or -1.
  var greatest: Int { tokens.last?.id ?? -1 }

  /// The text between the tokens of a phase, and the tokens: leftmost first, the longest where several begin at one place.
  func cut(_ text: AlignedText, _ phase: Phase) -> [Part] {
    let search = phase == .raw ? raw : normalized
    guard !search.isEmpty else { return text.isEmpty ? [] : [.text(text[...])] }
    var parts: [Part] = []
    /// The end of the last token with the white space that it took.
    var start = 0
    var position = 0
    while position < text.count {
      guard search.mayBegin(text[position].scalar),
        let match = search.longest(in: text, at: position)
      else {
        position += 1
        continue
      }
      let token = tokens[match.place]
      var (left, right) = (position, match.end)
      // What is found is passed over even where it does not count. White space that a token has taken may be a token too.
      position = match.end
      if token.singleWord, isWord(text, left - 1) || isWord(text, right) { continue }
      if token.stripsLeft {
        while left > start, text[left - 1].scalar.isWhiteSpace { left -= 1 }
        left = max(left, start)
      }
      if token.stripsRight {
        // What the last one took is white space to its end.
        right = max(right, start)
        while right < text.count, text[right].scalar.isWhiteSpace { right += 1 }
      }
      if left > start { parts.append(.text(text[start..<left])) }
      if left < right { parts.append(.token(Piece(id: token.id, of: text[left..<right]))) }
      start = right
    }
    if start < text.count { parts.append(.text(text[start...])) }
    return parts
  }

  private func isWord(_ text: AlignedText, _ position: Int) -> Bool {
    text.indices.contains(position) && text[position].scalar.isWordCharacter
  }
}
