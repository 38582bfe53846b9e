import SmithBytes

/// The files that hold external data, each opened once. Only files in the model's folder, or in folders below it, are opened:
/// what a model says of its data must not become a way to read any file there is.
struct ONNXDataFiles {
  private let model: String
  private let folder: String
  private(set) var files: [InputFile]
  private var byLocation: [String: Int] = [:]

  /// The model itself is file 0.
  init(_ model: InputFile) {
    self.model = model.path
    folder = model.path.parentFolder
    files = [model]
  }

  /// The number of the file at `location`, which is relative to the model's folder.
  ///
  /// `.refused` where the path, all links followed, ends outside that folder or at a file with several names (hard links): the
  /// resolved path decides, not how it is spelled. `.missing` where there is none.
  mutating func number(of location: String?) throws(SmithError) -> Int {
    guard let location, !location.isEmpty, !location.utf8.contains(0) else {
      throw SmithError(.malformed, "external data without a location")
    }
    if let known = byLocation[location] { return known }
    guard files.count <= ONNXLimits.dataFiles else {
      throw SmithError(.limit, "external data in more than \(ONNXLimits.dataFiles) files")
    }
    guard !location.hasPrefix("/"), let root = FolderListing.realPath(folder) else {
      throw refused(location, "an absolute path")
    }
    let path = folder.appending(path: location)
    guard let resolved = FolderListing.realPath(path) else {
      throw SmithError(
        .missing, "its external data is not there: \(location)", at: Place(file: model),
        remedy: "put \(location.lastComponent) beside the model")
    }
    guard resolved.hasPrefix(root == "/" ? root : root + "/") else {
      throw refused(location, "a path that leaves the model's folder")
    }
    let file = try InputFile(resolved)
    guard file.linkCount == 1 else { throw refused(location, "a file with several names") }
    files.append(file)
    byLocation[location] = files.count - 1
    return files.count - 1
  }

  private func refused(_ location: String, _ why: String) -> SmithError {
    SmithError(
      .refused, "external data at \(location), \(why)", at: Place(file: model),
      remedy: "copy the data itself into the model's folder")
  }
}
