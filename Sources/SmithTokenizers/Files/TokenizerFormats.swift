import SmithBytes

/// A kind of tokenizer file.
public protocol TokenizerFormat: Sendable {
  /// In messages and tables: "SentencePiece model".
  var name: String { get }
  /// Whose customs it knows, where the file itself does not say them.
  var families: [String] { get }
  /// The file of this kind in a folder, if one is there.
  func file(in folder: TokenizerFolder) -> String?
  /// Whether a file that a user points to is of this kind, by its name and its first bytes.
  func claims(_ name: String, beginning: [UInt8]) -> Bool
  /// - Throws: `.malformed` for a file that is not what it should be, `.unsupported` for what we do not compute.
  func open(_ name: String, in folder: TokenizerFolder) throws(SmithError) -> Tokenizer
}

/// All kinds of tokenizer files, the most telling first: a `tokenizer.json` says everything itself.
public enum TokenizerFormats {
  public static let all: [any TokenizerFormat] = [
    TokenizerJSON(), SentencePieceFormat(), BytePairFiles(), VocabularyText(),
  ]
}

extension TokenizerFormats {
  /// The families whose customs are known, sorted.
  public static var families: [String] { Set(all.flatMap(\.families)).sorted() }

  /// Whether a folder has a file of any kind.
  public static func isPresent(in folder: String) -> Bool {
    let files = TokenizerFolder(listing: folder)
    return all.contains { $0.file(in: files) != nil }
  }
}

extension Tokenizer {
  /// Opens the tokenizer in a folder.
  ///
  /// - Returns: The tokenizer and the name of its file; nil where the folder has none.
  /// - Throws: What reading throws, with the file.
  public static func find(
    in folder: TokenizerFolder
  ) throws(SmithError) -> (tokenizer: Tokenizer, file: String)? {
    for format in TokenizerFormats.all {
      guard let name = format.file(in: folder) else { continue }
      return (try open(name, as: format, in: folder), name)
    }
    return nil
  }

  /// Opens the tokenizer that a file is, with the settings beside it.
  ///
  /// - Throws: `.unsupported` for a file that is of no known kind, and what reading throws.
  public static func open(
    _ path: String, family: String? = nil
  ) throws(SmithError) -> Tokenizer {
    let folder = try TokenizerFolder(path.parentFolder, family: family)
    let name = path.lastComponent
    let file = try InputFile(path)
    let beginning = try file.bytes(0..<min(64, file.count))
    guard
      let format = TokenizerFormats.all.first(where: { $0.claims(name, beginning: beginning) })
    else {
      throw SmithError(
        .unsupported, "not a tokenizer's file that is known", at: Place(file: path),
        remedy: "known: " + TokenizerFormats.all.map(\.name).joined(separator: ", "))
    }
    return try open(name, as: format, in: folder)
  }

  private static func open(
    _ name: String, as format: any TokenizerFormat, in folder: TokenizerFolder
  ) throws(SmithError) -> Tokenizer {
    do throws(SmithError) { return try format.open(name, in: folder) } catch {
      throw error.at(file: folder.path.appending(path: name))
    }
  }
}
