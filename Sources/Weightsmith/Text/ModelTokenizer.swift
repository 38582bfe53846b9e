import SmithBytes
import SmithModels
import SmithTokenizers

extension Model {
  /// The tokenizer that belongs to the model: from the files beside its weights, or from a GGUF's own metadata.
  ///
  /// - Parameter file: A tokenizer file to use instead.
  /// - Returns: The tokenizer.
  /// - Throws: `.missing` where there is none, and what reading throws.
  public func tokenizer(file: String? = nil) throws(SmithError) -> Tokenizer {
    if let file { return try Tokenizer.open(file, family: family) }
    for folder in TokenizerPlaces.folders(of: checkpoint) {
      if let (tokenizer, _) = try Tokenizer.find(in: TokenizerFolder(folder, family: family)) {
        return tokenizer
      }
    }
    if let words = try WordPieceVocabulary(checkpoint.source.typedMetadata) {
      return try Tokenizer(words)
    }
    throw SmithError(
      .missing, "no tokenizer beside the weights (\(TokenizerPlaces.known))",
      at: Place(file: checkpoint.path), remedy: "--tokenizer FILE, or --ids 2,31,51,99,3")
  }

  /// Whether there is one; a broken one is one.
  var hasTokenizer: Bool {
    TokenizerPlaces.folders(of: checkpoint).contains(where: TokenizerFormats.isPresent)
      || checkpoint.source.typedMetadata[WordPieceVocabulary.modelKey] == WordPieceVocabulary.model
  }

  /// The ids of texts as the model's input, each cut to what it can read.
  ///
  /// - Returns: The input, and how many texts were cut.
  /// - Throws: What `tokenizer` throws, and `.mismatch` for an id that the word table has no row for.
  public func tokens(
    of texts: [String], tokenizer file: String? = nil
  ) throws(SmithError) -> (rows: [[Int]], cut: Int) {
    let tokenizer = try tokenizer(file: file)
    let longest = architecture.longestSequence(for: configuration)
    var rows: [[Int]] = []
    var cut = 0
    for text in texts {
      let encoding = tokenizer.encode(text, maximum: longest)
      if encoding.dropped > 0 { cut += 1 }
      try check(encoding)
      rows.append(encoding.ids)
    }
    return (rows, cut)
  }

  private func check(_ encoding: TokenEncoding) throws(SmithError) {
    let rows = configuration[.vocabulary]
    guard let index = encoding.ids.firstIndex(where: { !(0..<rows).contains($0) }) else { return }
    throw SmithError(
      .mismatch,
      "the token \(encoding.tokens[index]) has the id \(encoding.ids[index]), the word table \(rows) rows",
      at: Place(file: checkpoint.path), remedy: "the tokenizer of this model: --tokenizer FILE")
  }
}

/// Where a model's tokenizer is looked for.
enum TokenizerPlaces {
  /// The kinds of files that are known.
  static var known: String { TokenizerFormats.all.map(\.name).joined(separator: ", ") }

  /// Beside the weights; a SavedModel keeps its files in `assets`, its weights in `variables`.
  static func folders(of checkpoint: Checkpoint) -> [String] {
    let folder = checkpoint.folder
    guard folder.lastComponent == "variables" else { return [folder] }
    return [folder, folder.parentFolder.appending(path: "assets"), folder.parentFolder]
  }
}

extension Tokenizer {
  /// The tokenizer of a vocabulary that a GGUF holds.
  init(_ words: WordPieceVocabulary) throws(SmithError) {
    try self.init(
      wordPieces: words.tokens.map(\.text), lowercases: words.lowercases,
      stripsAccents: words.stripsAccents,
      special: Dictionary(
        uniqueKeysWithValues: words.specials.map { ($0.key.rawValue, words.tokens[$0.value].text) }
      ))
  }
}
