/// How one text or two stand between special tokens: `[CLS] A [SEP] B [SEP]`.
public struct TokenTemplate: Hashable, Sendable {
  public enum Part: Hashable, Sendable {
    case special(id: Int, type: Int)
    /// The first text (0) or the second (1).
    case text(Int, type: Int)
  }

  public var single: [Part]
  public var pair: [Part]
  /// Takes the white space at their ends from what tokens cover.
  var trimming: OffsetTrimming?

  public init(single: [Part], pair: [Part]) {
    self.single = single
    self.pair = pair
  }

  /// Nothing around.
  public static let bare = TokenTemplate(
    single: [.text(0, type: 0)], pair: [.text(0, type: 0), .text(1, type: 1)])

  /// The same without special tokens.
  var withoutSpecials: TokenTemplate {
    func isText(_ part: Part) -> Bool { if case .text = part { true } else { false } }
    var template = self
    template.single = single.filter(isText)
    template.pair = pair.filter(isText)
    return template
  }

  /// `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`; the types of the second text are 1.
  public static func bert(cls: Int, sep: Int) -> TokenTemplate {
    let first: [Part] = [
      .special(id: cls, type: 0), .text(0, type: 0), .special(id: sep, type: 0),
    ]
    return TokenTemplate(
      single: first, pair: first + [.text(1, type: 1), .special(id: sep, type: 1)])
  }

  /// `<s> A </s>` and `<s> A </s></s> B </s>`, all of type 0.
  public static func roberta(cls: Int, sep: Int) -> TokenTemplate {
    let end = Part.special(id: sep, type: 0)
    let first: [Part] = [.special(id: cls, type: 0), .text(0, type: 0), end]
    return TokenTemplate(single: first, pair: first + [end, .text(1, type: 0), end])
  }

  /// How many tokens stand around one text or two.
  public func specials(around texts: Int) -> Int {
    parts(texts).count { if case .special = $0 { true } else { false } }
  }

  /// Drops pieces from the longer text's end until all fits, or nothing but what stands around is left; the first where both are as long.
  func truncate(_ texts: inout [[Piece]], to maximum: Int) {
    var excess = texts.reduce(specials(around: texts.count)) { $0 + $1.count } - max(0, maximum)
    while excess > 0, texts.contains(where: { !$0.isEmpty }) {
      let longest = texts.indices.max { texts[$0].count < texts[$1].count } ?? 0
      let second = texts.indices.filter { $0 != longest }.map { texts[$0].count }.max() ?? 0
      // As many at once as keep it the longer one.
      let cut = min(excess, max(1, texts[longest].count - second))
      texts[longest].removeLast(min(cut, texts[longest].count))
      excess -= cut
    }
  }

  /// The encoding of texts in their places. `token` spells an id.
  func arranged(_ texts: [[Piece]], token: (Int) -> String?) -> TokenEncoding {
    var encoding = TokenEncoding()
    encoding.reserve(texts.reduce(8) { $0 + $1.count })
    func add(_ piece: Piece, _ type: Int) {
      encoding.ids.append(piece.id)
      encoding.tokens.append(token(piece.id) ?? "")
      encoding.types.append(type)
      encoding.offsets.append(Int(piece.start)..<Int(max(piece.start, piece.end)))
    }
    for part in parts(texts.count) {
      switch part {
      case .special(let id, let type): add(Piece(id: id, start: 0, end: 0), type)
      case .text(let index, let type):
        guard texts.indices.contains(index) else { continue }
        for piece in texts[index] { add(piece, type) }
      }
    }
    return encoding
  }

  private func parts(_ count: Int) -> [Part] { count > 1 ? pair : single }
}
