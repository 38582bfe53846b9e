/// A step that a file may ask for again and again.
public protocol TokenizerStep: Sendable {
  /// At most how many times as long a text can become each time; 1 where doing it again adds nothing.
  var growth: Int { get }
}

extension TokenizerStep {
  public var growth: Int { 1 }
}

/// A change of the text before it is split.
public protocol Normalizer: TokenizerStep {
  func normalize(_ text: inout AlignedText)
}

/// A way to cut text into words, each of which a model cuts into pieces by itself.
public protocol Splitter: TokenizerStep {
  /// - Parameters:
  ///   - words: What the splitters before have made.
  ///   - isFirst: Whether the words begin the text, and do not follow an added token.
  /// - Returns: The words in order; empty ones are passed over.
  func split(_ words: [Word], isFirst: Bool) -> [Word]
}

/// A vocabulary, and the rule by which a word is cut into its pieces.
public protocol TokenizerModel: Sendable {
  var vocabulary: Vocabulary { get }
  /// Appends the pieces of a word that is not empty.
  func encode(_ word: Word, into pieces: inout [Piece])
  /// Appends the pieces of all words that are not empty, in order.
  func encode(_ words: [Word], into pieces: inout [Piece])
  /// Whether an id stands for no text.
  func isControl(_ id: Int) -> Bool
}

extension TokenizerModel {
  public func encode(_ words: [Word], into pieces: inout [Piece]) {
    for word in words where !word.isEmpty { encode(word, into: &pieces) }
  }

  public func isControl(_ id: Int) -> Bool { false }
}

/// A step from tokens to text: what comes out of the last one is joined.
public protocol TokenDecoder: TokenizerStep {
  /// - Parameter tokens: As the vocabulary spells them, or as the steps before left them.
  /// - Returns: What the next step takes.
  func decode(_ tokens: [String]) -> [String]
}
