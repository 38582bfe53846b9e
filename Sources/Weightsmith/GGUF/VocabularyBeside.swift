import SmithBytes
import SmithTokenizers

extension WordPieceVocabulary {
  /// The vocabulary of the tokenizer files beside a checkpoint.
  ///
  /// - Returns: Nil where there are no such files, or they are another kind of tokenizer.
  static func beside(_ folder: String) throws(SmithError) -> WordPieceVocabulary? {
    let files = try TokenizerFolder(folder, family: "bert")
    let tokenizer: Tokenizer
    do throws(SmithError) {
      guard let found = try Tokenizer.find(in: files) else { return nil }
      tokenizer = found.tokenizer
    } catch {
      guard error.kind == .unsupported else { throw error }
      return nil
    }
    guard let parts = tokenizer.wordPieceParts else { return nil }
    // An id far beyond the others is a mistake or an attack; the holes before it would all become tokens.
    guard tokenizer.count <= 2 * tokenizer.model.vocabulary.count + 4096 else {
      throw SmithError(
        .malformed, "an id of \(tokenizer.count - 1) among the tokens", at: Place(file: folder))
    }
    return WordPieceVocabulary(tokenizer, parts, files)
  }

  private init(_ tokenizer: Tokenizer, _ parts: WordPieceParts, _ files: TokenizerFolder) {
    tokens = (0..<tokenizer.count).map { id in
      // Of a token that stands twice the last id counts.
      guard let text = tokenizer.token(id), tokenizer.id(of: text) == id else {
        return Self.placeholder(id)
      }
      guard let added = tokenizer.added.token(id) else { return Token(text: text, kind: .normal) }
      let isSpecial = added.isSpecial || Self.looksSpecial(text)
      return Token(text: text, kind: isSpecial ? .control : .userDefined)
    }
    specials = [:]
    lowercases = parts.lowercases
    stripsAccents = parts.stripsAccents
    for special in Special.allCases {
      guard let id = tokenizer.id(of: files.special(special.key) ?? special.usual) else { continue }
      specials[special] = id
      tokens[id].kind = .control
    }
  }

  /// Tokens that the original's converter takes for control tokens whatever the file says.
  private static func looksSpecial(_ text: String) -> Bool {
    ["<pad>", "<mask>"].contains(text) || (text.hasPrefix("<|") && text.hasSuffix("|>"))
  }
}
