import SmithBytes

/// Finds the arrays that a tree names in the folder around it.
struct T5XFolders {
  /// The checkpoint's folder, and the same with links resolved.
  private let root: String
  private let realRoot: String
  private let tree: String

  init(around tree: String) {
    self.tree = tree
    root = tree.parentFolder
    realRoot = FolderListing.realPath(root) ?? root
  }

  /// All arrays, in the tree's order. `.missing` names the folders that are not there.
  func arrays(_ references: [T5XReference]) throws(SmithError) -> [ZarrArray] {
    guard references.count <= ZarrLimits.arrays else {
      throw SmithError(
        .limit, "more than \(ZarrLimits.arrays) arrays in folders", at: Place(file: tree))
    }
    var arrays: [ZarrArray] = []
    var missing: [(path: String, reference: T5XReference)] = []
    for reference in references {
      do throws(SmithError) {
        let path = try reference.path()
        if let array = try array(reference, path) {
          arrays.append(array)
        } else {
          missing.append((path, reference))
        }
      } catch {
        // An offset in the tree, not in the array's metadata.
        let offset = error.place.file == nil ? reference.offset : nil
        throw error.at(file: tree, offset: offset, item: reference.name)
      }
    }
    guard let first = missing.first else { return arrays }
    let names = missing.prefix(3).map(\.path).joined(separator: ", ")
    let more = missing.count > 3 ? " and \(missing.count - 3) more" : ""
    throw SmithError(
      .missing, "no such folder of an array here: \(names)\(more)",
      at: Place(file: tree, offset: first.reference.offset, item: first.reference.name),
      remedy: "copy the whole checkpoint folder, not the file alone")
  }

  /// Nil where no folder stands.
  private func array(
    _ reference: T5XReference, _ path: String
  ) throws(SmithError) -> ZarrArray? {
    let folder = root.appending(path: path)
    guard let real = FolderListing.realPath(folder) else { return nil }
    guard real.hasPrefix(realRoot == "/" ? realRoot : realRoot + "/") else {
      throw SmithError(
        .refused, "\(path) is a link out of the checkpoint's folder",
        remedy: "copy the folder with its links followed")
    }
    guard FolderListing.isFile(folder.appending(path: Zarr.arrayFile)) else {
      if FolderListing.isFile(folder.appending(path: Zarr.version3File)) {
        throw Zarr.version3(folder)
      }
      return nil
    }
    let array = try ZarrArray(name: reference.name, folder: folder)
    try reference.check(array.metadata)
    return array
  }

  /// Folders of arrays that the tree does not name.
  func others(than arrays: [ZarrArray]) -> [String] {
    let named = Set(arrays.map(\.folder))
    return FolderListing.names(in: root).filter { name in
      let folder = root.appending(path: name)
      return !named.contains(folder)
        && FolderListing.isFile(folder.appending(path: Zarr.arrayFile))
    }
  }
}
