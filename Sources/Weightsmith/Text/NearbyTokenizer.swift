import SmithBytes
import SmithTokenizers

extension Tokenizer {
  /// Opens a tokenizer file, or the one in a folder or beside a checkpoint. Weights are not read, but for a GGUF's metadata.
  ///
  /// - Parameters:
  ///   - path: The file, the folder or the checkpoint.
  ///   - family: The model's family, whose customs hold where the file says nothing.
  /// - Returns: The tokenizer.
  /// - Throws: `.notFound` for a path where nothing is, `.missing` where there is no tokenizer, and what reading throws.
  public static func open(
    near path: String, family: String? = nil
  ) throws(SmithError) -> Tokenizer {
    if FolderListing.isFile(path), let tokenizer = try openFile(path, family) { return tokenizer }
    let isFolder = FolderListing.isFolder(path)
    let folder = isFolder ? path : path.parentFolder
    // A TensorFlow prefix is no file itself.
    let isThere =
      isFolder || FolderListing.names(in: folder).contains { $0.hasPrefix(path.lastComponent) }
    guard isThere else {
      throw SmithError(.notFound, "no such file or folder", at: Place(file: path))
    }
    for place in [folder, folder.appending(path: "assets")] where FolderListing.isFolder(place) {
      if let (tokenizer, _) = try find(in: TokenizerFolder(place, family: family)) {
        return tokenizer
      }
    }
    throw SmithError(
      .missing, "no tokenizer there (\(TokenizerPlaces.known))", at: Place(file: path))
  }

  /// Nil for a file that is no tokenizer's: weights, which have one beside them.
  private static func openFile(
    _ path: String, _ family: String?
  ) throws(SmithError) -> Tokenizer? {
    let checkpoint: Checkpoint
    do throws(SmithError) { return try open(path, family: family) } catch {
      guard error.kind == .unsupported, path.hasSuffix(".gguf") else {
        if error.kind == .unsupported { return nil }
        throw error
      }
      checkpoint = try Checkpoint.open(path)
    }
    return try WordPieceVocabulary(checkpoint.source.typedMetadata).map {
      words throws(SmithError) in
      try Tokenizer(words)
    }
  }
}
