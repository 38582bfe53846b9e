import SmithBytes

/// `vocab.txt`: a WordPiece vocabulary, a piece a line. BERT, DistilBERT, ELECTRA and the Chinese ALBERTs have one (models §13.1).
struct VocabularyText: TokenizerFormat {
  let name = "vocab.txt"
  let families = ["bert", "distilbert", "electra", "albert_zh"]

  func file(in folder: TokenizerFolder) -> String? {
    if folder.names.contains("vocab.txt") { return "vocab.txt" }
    // Google's and albert_zh's archives name it after the model: vocab_chinese.txt.
    let others = folder.names.filter { $0.hasPrefix("vocab") && $0.hasSuffix(".txt") }
    return others.count == 1 ? others.first : nil
  }

  func claims(_ name: String, beginning: [UInt8]) -> Bool {
    name.hasSuffix(".txt") && !beginning.starts(with: "#version".utf8)
  }

  func open(_ name: String, in folder: TokenizerFolder) throws(SmithError) -> Tokenizer {
    let pieces = try folder.lines(name)
    return try Tokenizer(
      wordPieces: pieces,
      lowercases: folder.setting("do_lower_case")?.boolValue
        ?? Self.lowercases(folder.path.appending(path: name), pieces),
      stripsAccents: folder.setting("strip_accents")?.boolValue,
      separatesIdeographs: folder.setting("tokenize_chinese_chars")?.boolValue ?? true,
      special: Dictionary(
        uniqueKeysWithValues: Self.roles.compactMap { role in
          folder.special(role + "_token").map { (role, $0) }
        }), added: folder.added)
  }

  static let roles = ["unk", "cls", "sep", "pad", "mask"]

  /// Whether the model read small letters only, where no file says it: the names of Google's archives do (`uncased_L-12_H-768_A-12`), else
  /// a twentieth of the pieces with capitals or marks is more than small letters would leave.
  private static func lowercases(_ path: String, _ pieces: [String]) -> Bool {
    for name in [path.lastComponent, path.parentFolder.lastComponent] {
      if name.contains("uncased") { return true }
      if name.contains("cased") { return false }
    }
    let normalizer = BertNormalizer(separatesIdeographs: false)
    let changed = pieces.count { piece in
      // Tokens in brackets are not made of text.
      if piece.utf8.first == UInt8(ascii: "["), piece.utf8.last == UInt8(ascii: "]") {
        return false
      }
      let text = AlignedText(of: piece)
      var normalized = text
      normalizer.normalize(&normalized)
      return !normalized.elementsEqual(text) { $0.scalar == $1.scalar }
    }
    return changed * 20 <= pieces.count
  }
}

extension Tokenizer {
  /// BERT's tokenizer over a WordPiece vocabulary.
  ///
  /// - Parameters:
  ///   - pieces: By id.
  ///   - lowercases: Whether letters become small.
  ///   - stripsAccents: Whether marks go; nil: where letters become small.
  ///   - separatesIdeographs: Whether each Chinese character is a word.
  ///   - special: The tokens of the roles `unk`, `cls`, `sep`, `pad` and `mask` that are not called `[UNK]`, `[CLS]`, …
  ///   - added: Further tokens that are looked for in the text.
  /// - Throws: `.missing` without a token for the unknown or one that goes around a text.
  public init(
    wordPieces pieces: [String], lowercases: Bool, stripsAccents: Bool? = nil,
    separatesIdeographs: Bool = true, special: [String: String] = [:], added: [AddedToken] = []
  ) throws(SmithError) {
    let vocabulary = try Vocabulary(pieces)
    func text(_ role: String) -> String { special[role] ?? "[\(role.uppercased())]" }
    func id(_ role: String) throws(SmithError) -> Int {
      guard let id = vocabulary.id(of: text(role)) else {
        throw SmithError(.missing, "the vocabulary has no \(text(role))")
      }
      return id
    }
    let specials = VocabularyText.roles.compactMap { role in
      vocabulary.id(of: text(role)).map { AddedToken(id: $0, content: text(role)) }
    }
    let normalizer = BertNormalizer(
      separatesIdeographs: separatesIdeographs, stripsAccents: stripsAccents,
      lowercases: lowercases)
    self.init(
      model: try WordPiece(vocabulary, unknown: text("unk")),
      added: try AddedTokens(added + specials, normalizers: [normalizer]),
      normalizers: [normalizer], splitters: [BertSplitter()],
      template: .bert(cls: try id("cls"), sep: try id("sep")), decoders: [WordPieceDecoder()])
  }
}
