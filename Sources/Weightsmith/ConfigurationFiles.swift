import SmithBytes
import SmithModels

/// Finds and reads the configuration file that belongs to a checkpoint.
struct ConfigurationFiles {
  /// Files larger than this are no configuration.
  private static let sizeLimit = 16 << 20

  /// The user's own file, else the dialect's beside the checkpoint, else nothing.
  static func find(
    for checkpoint: Checkpoint, dialect: Dialect, chosen: String?
  ) throws(SmithError) -> (
    name: String, values: JSONObject
  )? {
    if let chosen { return (chosen, try read(chosen)) }
    var folders = [checkpoint.folder]
    if checkpoint.folder.lastComponent == "variables" {
      folders.append(checkpoint.folder.parentFolder)
    }
    if let paired = pairedName(checkpoint, dialect.configuration), FolderListing.isFile(paired) {
      return (paired, try read(paired))
    }
    for folder in folders {
      for name in dialect.configuration.fileNames {
        let path = folder.appending(path: name)
        if FolderListing.isFile(path) { return (path, try read(path)) }
      }
    }
    return nil
  }

  /// The configuration that a file's own name points to: `x_options.json` of `x_weights.hdf5`.
  private static func pairedName(
    _ checkpoint: Checkpoint, _ table: ConfigurationDialect
  ) -> String? {
    guard let endings = table.pairedEndings, let file = checkpoint.source.files.first,
      file.hasSuffix(endings.weights)
    else { return nil }
    return String(file.dropLast(endings.weights.count)) + endings.file
  }

  /// What the names say, and where they fit several models, what user or configuration file say.
  static func recognise(
    _ names: [(name: String, shape: [Int])], of checkpoint: Checkpoint, _ options: Model.Options
  ) throws(SmithError) -> (family: Family, dialect: Dialect)? {
    try ParameterReader.recognise(names, part: options.part) { () throws(SmithError) in
      if let type = options.settings["model_type"]?.stringValue { return type }
      let beside = checkpoint.folder.appending(path: "config.json")
      guard let path = options.configuration ?? (FolderListing.isFile(beside) ? beside : nil) else {
        return nil
      }
      return try read(path)["model_type"]?.stringValue
    }
  }

  static func read(_ path: String) throws(SmithError) -> JSONObject {
    let file = try InputFile(path)
    guard file.count <= sizeLimit else {
      throw SmithError(.limit, "\(file.count) bytes are no configuration", at: Place(file: path))
    }
    do throws(SmithError) {
      guard let object = try JSON.parse(try file.bytes(0..<file.count)).objectValue else {
        throw SmithError(.malformed, "expected a JSON object")
      }
      return object
    } catch { throw error.at(file: path) }
  }
}
