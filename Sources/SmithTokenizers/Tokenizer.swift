/// Text to ids and back: added tokens are cut out, the rest is normalized, split into words, and each word cut into pieces.
public struct Tokenizer: Sendable {
  public var model: any TokenizerModel
  public var added: AddedTokens
  public var normalizers: [any Normalizer]
  public var splitters: [any Splitter]
  public var template: TokenTemplate
  public var decoders: [any TokenDecoder]

  public init(
    model: any TokenizerModel, added: AddedTokens = AddedTokens(),
    normalizers: [any Normalizer] = [],
    splitters: [any Splitter] = [], template: TokenTemplate = .bare,
    decoders: [any TokenDecoder] = []
  ) {
    self.model = model
    self.added = added
    self.normalizers = normalizers
    self.splitters = splitters
    self.template = template
    self.decoders = decoders
  }

  /// The ids of a text, or of a pair of texts, between the tokens that the model wants around them.
  ///
  /// - Parameters:
  ///   - text: Any text; special tokens in it are taken for what they are.
  ///   - pair: A second text, for models that read two.
  ///   - template: Whether to put special tokens around.
  ///   - maximum: At most so many ids with those around them, which stay: pieces are dropped from the end of the longer text.
  /// - Returns: Ids, tokens, types and places, one for each token.
  public func encode(
    _ text: String, pair: String? = nil, template: Bool = true, maximum: Int? = nil
  ) -> TokenEncoding {
    let arrangement = template ? self.template : self.template.withoutSpecials
    let sources = [text, pair].compactMap { $0.map(AlignedText.init(of:)) }
    var texts = sources.map(pieces(of:))
    let whole = texts.reduce(0) { $0 + $1.count }
    if let maximum { arrangement.truncate(&texts, to: maximum) }
    let vocabulary = model.vocabulary
    if let trimming = arrangement.trimming {
      for index in texts.indices {
        trimming.trim(&texts[index], in: sources[index]) { id in
          added.contains(id) ? nil : vocabulary.piece(id)
        }
      }
    }
    var encoding = arrangement.arranged(texts) { id in
      added.contains(id) ? added.token(id)?.content : vocabulary.piece(id)
    }
    encoding.dropped = whole - texts.reduce(0) { $0 + $1.count }
    return encoding
  }

  /// The text of ids.
  ///
  /// - Parameters:
  ///   - ids: Any ids; those that no token has give nothing.
  ///   - skippingSpecial: Leaves out the tokens that stand for no text.
  /// - Returns: The text, which need not be the one that the ids came from.
  public func decode(_ ids: [Int], skippingSpecial: Bool = true) -> String {
    let kept = skippingSpecial ? ids.filter { !added.isSpecial($0) && !model.isControl($0) } : ids
    var tokens = kept.compactMap { token($0) }
    for decoder in decoders { tokens = decoder.decode(tokens) }
    return tokens.joined(separator: decoders.isEmpty ? " " : "")
  }

  /// The token of an id, as the vocabulary spells it.
  public func token(_ id: Int) -> String? { added.token(id)?.content ?? model.vocabulary.piece(id) }

  /// The id of a token, as the vocabulary spells it.
  public func id(of token: String) -> Int? {
    added.id(of: token) ?? model.vocabulary.id(of: token)
  }

  /// How many ids there are: one more than the greatest.
  public var count: Int { max(model.vocabulary.count, added.greatest + 1) }

  /// The pieces of a text without anything around them.
  private func pieces(of text: AlignedText) -> [Piece] {
    var pieces: [Piece] = []
    pieces.reserveCapacity(text.count / 2)
    var isFirst = true
    for part in added.cut(text, .raw) {
      switch part {
      case .token(let piece): pieces.append(piece)
      case .text(let words):
        let isAll = words.count == text.count
        encode(isAll ? text : Array(words), isFirst: isFirst, into: &pieces)
      }
      isFirst = false
    }
    return pieces
  }

  private func encode(_ text: AlignedText, isFirst: Bool, into pieces: inout [Piece]) {
    var text = text
    for normalizer in normalizers { normalizer.normalize(&text) }
    var isFirst = isFirst
    for part in added.cut(text, .normalized) {
      switch part {
      case .token(let piece): pieces.append(piece)
      case .text(let stretch):
        var words = [stretch]
        for splitter in splitters { words = splitter.split(words, isFirst: isFirst) }
        model.encode(words, into: &pieces)
      }
      isFirst = false
    }
  }
}

/// One piece of a text: its id, and the code points of the text that it covers.
public struct Piece: Hashable, Sendable {
  public var id: Int
  public var start: Int32
  public var end: Int32

  public init(id: Int, start: Int32, end: Int32) {
    self.id = id
    self.start = start
    self.end = end
  }

  /// A piece that stands for a stretch of a word.
  init(id: Int, of word: Word) {
    self.init(id: id, start: word.first?.start ?? 0, end: word.last?.end ?? 0)
  }
}

/// What a model is given: ids, with what is known of each.
public struct TokenEncoding: Hashable, Sendable {
  public var ids: [Int] = []
  /// As the vocabulary spells them.
  public var tokens: [String] = []
  /// Which text each belongs to, as the model's table of types counts.
  public var types: [Int] = []
  /// The code points of its text that each covers; empty for tokens that stand for no text.
  public var offsets: [Range<Int>] = []
  /// How many pieces did not fit.
  public var dropped = 0

  public init() {}

  mutating func reserve(_ count: Int) {
    ids.reserveCapacity(count)
    tokens.reserveCapacity(count)
    types.reserveCapacity(count)
    offsets.reserveCapacity(count)
  }
}
