import SmithBytes

/// How a sentence's vector is made of its tokens', as a sentence-transformers folder says it (`modules.json`, `1_Pooling/config.json`).
enum Pooling: Hashable, Sendable {
  /// One that llama.cpp has, by its number (`llama_pooling_type`).
  case known(UInt32)
  /// Another one, by its key.
  case other(String)

  /// In the order in which the original's converter asks.
  private static let modes: [(key: String, name: String, number: UInt32)] = [
    ("pooling_mode_mean_tokens", "mean", 1), ("pooling_mode_cls_token", "cls", 2),
    ("pooling_mode_lasttoken", "lasttoken", 3),
  ]

  /// Nil where the folder is no sentence-transformers model. `.malformed` for a list of modules that is none.
  static func find(in folder: String) throws(SmithError) -> Pooling? {
    let path = folder.appending(path: "modules.json")
    guard FolderListing.isFile(path) else { return nil }
    let modules = try ConfigurationFiles.value(path).arrayValue ?? []
    let place = modules.first { $0["type"]?.stringValue?.hasSuffix("Pooling") ?? false }?["path"]
    guard let name = place?.stringValue else { return nil }
    // A folder beside the model, not one that the file chooses.
    guard !name.contains("/"), name != "..", name != "." else {
      throw SmithError(
        .malformed, "expected the name of a folder, got \(JSON.string(name).serialized())",
        at: Place(file: path, item: "path"))
    }
    let config = folder.appending(path: name).appending(path: "config.json")
    guard FolderListing.isFile(config) else { return nil }
    return Pooling(try ConfigurationFiles.read(config))
  }

  private init?(_ settings: JSONObject) {
    let mode = settings["pooling_mode"]?.stringValue
    if let row = Self.modes.first(where: { settings[$0.key]?.boolValue ?? false }) {
      self = .known(row.number)
    } else if let row = Self.modes.first(where: { $0.name == mode }) {
      self = .known(row.number)
    } else {
      let key = settings.first { $0.key.hasPrefix("pooling_mode_") && $0.value.boolValue ?? false }
      guard let name = key?.key ?? mode else { return nil }
      self = .other(name)
    }
  }
}
