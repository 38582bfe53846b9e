/// The regular expressions by which byte-pair tokenizers split, as scanners: the rules of each are tried in order, as its alternatives are.
///
/// The expressions need look-ahead and Unicode's classes, and the same few stand in all files: each is one row of `table`.
struct PatternScanner: Hashable, Sendable {
  /// One alternative of an expression.
  enum Rule: Hashable, Sendable {
    /// `'s|'t|'re|'ve|'m|'ll|'d`
    case contraction(anyCase: Bool)
    /// After a lead as many of the classes as there are, but at most so many, then a tail.
    case run(TextClass, after: Lead = .none, most: Int = .max, then: Tail = .none)
    /// `[^\r\n\p{L}\p{N}]?` and a word whose capitals stand first, with a contraction after it.
    case capitals(needsSmall: Bool)
    /// `\s*[\r\n]+`
    case lines
    /// `\s+(?!\S)`: all but the last space before a word.
    case spacesBeforeSpace
    /// `[0-9][0-9][0-9]`
    case threeDigits
  }

  /// What may stand before a run, once.
  enum Lead: Hashable, Sendable {
    case none
    /// ` ?`
    case space
    /// `[^\r\n\p{L}\p{N}]?`
    case other
  }

  /// What goes along after a run.
  enum Tail: Hashable, Sendable {
    case none
    /// `[\r\n]*`
    case newlines
    /// `[\r\n/]*`
    case newlinesAndSlashes
  }

  var rules: [Rule]

  static let gpt2 = PatternScanner(rules: [
    .contraction(anyCase: false), .run(.letter, after: .space), .run(.numeral, after: .space),
    .run([.mark, .other], after: .space), .spacesBeforeSpace, .run(.space),
  ])

  /// GPT-4 (cl100k), LLaMA 3.
  private static let gpt4 = words(digits: 3)
  /// Qwen 2.
  private static let singleDigits = words(digits: 1)

  private static func words(digits: Int) -> PatternScanner {
    PatternScanner(rules: [
      .contraction(anyCase: true), .run(.letter, after: .other), .run(.numeral, most: digits),
      .run([.mark, .other], after: .space, then: .newlines), .lines, .spacesBeforeSpace,
      .run(.space),
    ])
  }

  /// GPT-4o (o200k).
  private static let gpt4o = PatternScanner(rules: [
    .capitals(needsSmall: true), .capitals(needsSmall: false), .run(.numeral, most: 3),
    .run([.mark, .other], after: .space, then: .newlinesAndSlashes), .lines, .spacesBeforeSpace,
    .run(.space),
  ])

  private static let clip = PatternScanner(rules: [
    .contraction(anyCase: false), .run(.letter), .run(.numeral, most: 1),
    .run([.mark, .other]),
  ])

  /// By the expression as files have it.
  static let table: [String: PatternScanner] = [
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: gpt2,
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#:
      gpt4,
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#:
      singleDigits,
    #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#:
      gpt4o,
    #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#: clip,
    #"\p{N}{1,3}"#: PatternScanner(rules: [.run(.numeral, most: 3)]),
    #"\p{N}"#: PatternScanner(rules: [.run(.numeral, most: 1)]),
    #"[0-9][0-9][0-9]"#: PatternScanner(rules: [.threeDigits]),
    #"\s+"#: PatternScanner(rules: [.run(.space)]),
  ]

  /// The matches, and what lies between them, in order.
  func pieces(of text: Word) -> [TextPiece] {
    let scan = PatternScan(text: text, classes: TextClass.all(text))
    return TextPiece.all(of: text) { scan.match(rules, at: $0) }
  }
}

/// A stretch of a text that a pattern matches, or one between matches.
struct TextPiece: Hashable, Sendable {
  var range: Range<Int>
  var isMatch: Bool

  /// A text's matches and what lies between them; `match` says where one that begins at a place ends.
  @inline(__always)
  static func all(of text: Word, _ match: (Int) -> Int?) -> [TextPiece] {
    var pieces: [TextPiece] = []
    var start = text.startIndex
    var position = start
    while position < text.endIndex {
      guard let end = match(position) else {
        position += 1
        continue
      }
      if start < position { pieces.append(TextPiece(range: start..<position, isMatch: false)) }
      pieces.append(TextPiece(range: position..<end, isMatch: true))
      start = end
      position = end
    }
    if start < text.endIndex {
      pieces.append(TextPiece(range: start..<text.endIndex, isMatch: false))
    }
    return pieces
  }
}
