import SmithBytes
import SmithTensors

/// The words of a WordPiece tokenizer, and what else llama.cpp's `bert` tokenizer needs to know of it.
struct WordPieceVocabulary: Hashable, Sendable {
  /// gguf-py's `TokenType`.
  enum Kind: Int32, Sendable {
    case normal = 1, control = 3, userDefined = 4, unused = 5
  }

  /// A token that the tokenizer itself puts somewhere.
  enum Special: String, CaseIterable, Sendable {
    case cls, sep, unk, pad, mask

    /// Its text where no file says another.
    var usual: String { "[\(rawValue.uppercased())]" }
    /// Its key in a tokenizer's configuration.
    var key: String { rawValue + "_token" }
  }

  struct Token: Hashable, Sendable {
    var text: String
    var kind: Kind
  }

  /// By id.
  var tokens: [Token]
  /// The ids of those that are among the tokens.
  var specials: [Special: Int]
  var lowercases: Bool
  /// Nil where the tokenizer strips accents because it lowercases.
  var stripsAccents: Bool?

  /// What continues a word in a WordPiece vocabulary.
  static let continuation = "##"
  /// What begins one in llama.cpp's: U+2581.
  static let wordStart = "\u{2581}"

  /// The name that a row of the table has which no token has: the converter's.
  static func placeholder(_ id: Int) -> Token { Token(text: "[PAD\(id)]", kind: .unused) }

  /// Filled up to as many tokens as the word table has rows; `.mismatch` when there are more.
  func filled(to rows: Int) throws(SmithError) -> WordPieceVocabulary {
    guard tokens.count <= rows else {
      throw SmithError(
        .mismatch, "the vocabulary has \(tokens.count) tokens, the word table \(rows) rows")
    }
    var copy = self
    copy.tokens += (tokens.count..<rows).map(Self.placeholder)
    return copy
  }
}

extension WordPieceVocabulary.Token {
  /// As llama.cpp looks for it: a mark before what begins a word, none before what continues one; control tokens as they are.
  var phantom: String {
    if kind == .control { return text }
    return text.without(prefix: WordPieceVocabulary.continuation)
      ?? WordPieceVocabulary.wordStart + text
  }

  /// The token that `phantom` came from.
  init(phantom: String, kind: WordPieceVocabulary.Kind) {
    self.kind = kind
    text =
      kind == .control
      ? phantom
      : phantom.without(prefix: WordPieceVocabulary.wordStart)
        ?? WordPieceVocabulary.continuation + phantom
  }
}

extension String {
  /// What follows a prefix, code point by code point: a mark may combine with the prefix's last one. Nil without the prefix.
  fileprivate func without(prefix: String) -> String? {
    utf8.starts(with: prefix.utf8)
      ? String(decoding: utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : nil
  }
}
