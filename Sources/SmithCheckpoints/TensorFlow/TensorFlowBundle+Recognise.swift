import SmithBytes

extension TensorFlowBundle {
  public static func isModelFile(_ name: String) -> Bool { name.hasSuffix(".index") }

  /// The prefix when `input` is any part of a bundle: a table by its footer, a data or `.meta` file with its index beside it, a
  /// prefix, a folder, a `checkpoint` state file, a SavedModel.
  ///
  /// `.mismatch` for a folder of several checkpoints of which none is named the newest, `.missing` for a data file whose
  /// index is not there.
  public static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    switch input.kind {
    case .file: try recogniseFile(input)
    case .folder:
      if let found = try recogniseFolder(input) { found } else { try prefix(input.path) }
    case .absent: try prefix(input.path)
    }
  }

  /// `path` if there is an index for it.
  private static func prefix(_ path: String) throws(SmithError) -> String? {
    try Footer.ends(path + ".index") ? path : nil
  }

  private static func recogniseFile(_ input: InputPath) throws(SmithError) -> String? {
    if try Footer.ends(input.path) {
      if try TensorFlowV1.isTable(input.path) { return nil }
      return input.path.dropping(suffix: ".index") ?? input.path
    }
    if let (prefix, _) = ShardFiles.parse(input.path) {
      if let found = try self.prefix(prefix) { return found }
      throw SmithError(
        .missing, "this data file's index is not there or not whole",
        at: Place(file: prefix + ".index"))
    }
    if let stem = input.path.dropping(suffix: ".meta"), let found = try prefix(stem) {
      return found
    }
    if CheckpointState(input.head) != nil { return try recogniseFolder(InputPath(input.folder)) }
    if input.path.lastComponent == "saved_model.pb" {
      return try recogniseFolder(InputPath(input.folder))
    }
    return try prefix(input.path)
  }

  private static func recogniseFolder(_ input: InputPath) throws(SmithError) -> String? {
    if let newest = try newest(in: input) { return newest }
    var found: [String] = []
    for entry in input.entries {
      guard let stem = entry.dropping(suffix: ".index") else { continue }
      if let prefix = try prefix(input.path.appending(path: stem)) { found.append(prefix) }
    }
    if found.isEmpty, input.entries.contains("variables") {
      return try prefix(input.path.appending(path: "variables/variables"))
    }
    guard found.count < 2 else {
      let names = found.map { $0.lastComponent }.joined(separator: ", ")
      throw SmithError(
        .mismatch, "several checkpoints: \(names)", at: Place(file: input.path),
        remedy: "name one, e.g. \(found.last ?? input.path)")
    }
    return found.first
  }

  /// What the folder's state file names, if that has an index. A V1 checkpoint has none.
  private static func newest(in input: InputPath) throws(SmithError) -> String? {
    guard let path = try CheckpointState.newest(in: input) else { return nil }
    return try prefix(path)
  }
}

extension String {
  /// The text before `suffix`, nil when it ends otherwise.
  fileprivate func dropping(suffix: String) -> String? {
    hasSuffix(suffix) && count > suffix.count ? String(dropLast(suffix.count)) : nil
  }
}
