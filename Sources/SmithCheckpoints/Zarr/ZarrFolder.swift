import SmithBytes

/// One array of a checkpoint: its name, its folder, its metadata.
struct ZarrArray: Sendable {
  var name: String
  var folder: String
  var metadata: ZarrMetadata

  /// Reads `.zarray` in `folder`.
  init(name: String, folder: String) throws(SmithError) {
    let path = folder.appending(path: Zarr.arrayFile)
    do throws(SmithError) {
      let file = try InputFile(path)
      guard file.count <= ZarrLimits.metadataBytes else {
        throw SmithError(.limit, "\(file.count) bytes of metadata")
      }
      metadata = try ZarrMetadata(try JSON.parse(try file.bytes(0..<file.count)))
    } catch { throw error.at(file: path) }
    (self.name, self.folder) = (name, folder)
  }
}

/// Looks for arrays in a folder and the folders in it.
enum ZarrFolder {
  /// All arrays, in the order of their names, which are their paths below `root`; an array that is `root` itself has the folder's own name.
  /// Links to folders are not followed.
  static func arrays(in root: String) throws(SmithError) -> [ZarrArray] {
    if FolderListing.isFile(root.appending(path: Zarr.arrayFile)) {
      let name = FolderListing.realPath(root)?.lastComponent ?? root.lastComponent
      return [try ZarrArray(name: name, folder: root)]
    }
    var found: [ZarrArray] = []
    var seen = 0
    var open: [(name: String, depth: Int)] = [("", 0)]
    while let (name, depth) = open.popLast() {
      let folder = name.isEmpty ? root : root.appending(path: name)
      if FolderListing.isFile(folder.appending(path: Zarr.arrayFile)) {
        guard found.count < ZarrLimits.arrays, name.utf8.count <= ZarrLimits.nameBytes else {
          throw SmithError(
            .limit, "more than \(ZarrLimits.arrays) arrays, or a name of \(name.utf8.count) bytes",
            at: Place(file: root))
        }
        // What is in an array's folder are its chunks.
        found.append(try ZarrArray(name: name, folder: folder))
        continue
      }
      let entries = FolderListing.names(in: folder)
      if entries.contains(Zarr.version3File) { throw Zarr.version3(folder) }
      for entry in entries.reversed() {
        guard FolderListing.isFolder(folder.appending(path: entry)) else { continue }
        seen += 1
        guard seen <= ZarrLimits.folders, depth < ZarrLimits.depth else {
          throw SmithError(
            .limit,
            "more than \(ZarrLimits.folders) folders, or deeper than \(ZarrLimits.depth)",
            at: Place(file: folder))
        }
        open.append((name.isEmpty ? entry : "\(name)/\(entry)", depth + 1))
      }
    }
    return found
  }

  /// The bytes of all files in an array's folder.
  static func storedBytes(_ folder: String, depth: Int = 0) -> Int {
    var sum = 0
    for entry in FolderListing.names(in: folder) {
      let path = folder.appending(path: entry)
      if let size = FolderListing.fileSize(path) {
        sum = sum.addingReportingOverflow(size).partialValue
      } else if depth < ZarrLimits.rank, FolderListing.isFolder(path) {
        sum = sum.addingReportingOverflow(storedBytes(path, depth: depth + 1)).partialValue
      }
    }
    return sum
  }
}
