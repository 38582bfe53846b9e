import SmithBytes
import SmithModels
import SmithTensors

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
    if let prefix = dialect.configuration.entryPrefix {
      return embedded(in: checkpoint, at: [prefix])
    }
    if let embedding = dialect.configuration.embedding {
      return embedded(in: checkpoint, at: embedding.paths)
    }
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

  /// Settings that stand beside the tensors in the checkpoint itself: those under the first of the paths that is there.
  private static func embedded(
    in checkpoint: Checkpoint, at paths: [String]
  ) -> (name: String, values: JSONObject)? {
    let entries = checkpoint.source.typedMetadata.entries
    guard let path = paths.first(where: { path in entries.contains { $0.key.hasPrefix(path) } })
    else { return nil }
    let own = entries.filter { $0.key.hasPrefix(path) }
    // Where a container knows only text, numbers went through it too.
    let isText = own.allSatisfy { $0.value.kind == .string }
    var values = JSONObject()
    for entry in own {
      let value = entry.value.json
      values[String(entry.key.dropFirst(path.count))] = isText ? value?.untyped : value
    }
    return (checkpoint.source.files.first ?? checkpoint.path, values)
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

  /// What a configuration file says of how tensors are quantized; empty where none does.
  static func quantization(
    of checkpoint: Checkpoint, chosen: String?
  ) throws(SmithError) -> JSONObject {
    let beside = ["config.json", "quantize_config.json"].map {
      checkpoint.folder.appending(path: $0)
    }
    for path in chosen.map({ [$0] }) ?? beside where FolderListing.isFile(path) {
      let values = try read(path)
      if path.lastComponent == "quantize_config.json" { return values }
      for key in ["quantization_config", "quantization"] {
        if let found = values[key]?.objectValue { return found }
      }
    }
    return JSONObject()
  }

  /// A file with one JSON object.
  static func read(_ path: String) throws(SmithError) -> JSONObject {
    guard let object = try value(path).objectValue else {
      throw SmithError(.malformed, "expected a JSON object", at: Place(file: path))
    }
    return object
  }

  /// A file with one JSON value.
  static func value(_ path: String) throws(SmithError) -> JSON {
    let file = try InputFile(path)
    guard file.count <= sizeLimit else {
      throw SmithError(.limit, "\(file.count) bytes are no configuration", at: Place(file: path))
    }
    do throws(SmithError) { return try JSON.parse(try file.bytes(0..<file.count)) } catch {
      throw error.at(file: path)
    }
  }
}

extension JSON {
  /// A number or flag that was written as text; any other text as it is.
  fileprivate var untyped: JSON {
    guard let text = stringValue, let value = try? JSON.parse(Array(text.utf8)) else { return self }
    return value.doubleValue != nil || value.boolValue != nil ? value : self
  }
}
