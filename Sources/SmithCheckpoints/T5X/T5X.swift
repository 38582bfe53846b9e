import SmithBytes
import SmithTensors

/// Checkpoints of T5X, and of the first Orbax: a MessagePack tree in a file `checkpoint`, its small arrays inside, the large ones in
/// Zarr folders beside it (Docs/Formats/t5x.md). Read only.
public enum T5X: ContainerFormat {
  public static let name = "t5x"
  public static let fileExtension = ""
  public static let usualNames = "flax"
  public static let writer: (any ContainerWriter)? = nil

  static let treeFile = "checkpoint"

  /// TensorFlow has a file of the same name.
  public static func isModelFile(_ name: String) -> Bool { false }

  /// Reads the tree and the metadata of the arrays outside it.
  ///
  /// `.missing` where the folder of an array is not there, `.refused` for one that is not in this folder, `.unsupported` for
  /// arrays that are not Zarr v2 or were written elsewhere than to files, `.mismatch` where the tree and the array disagree.
  public static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    if FolderListing.isFile(path.parentFolder.appending(path: Zarr.databaseFile)) {
      throw Zarr.database(path.parentFolder)
    }
    return try T5XSource(path)
  }

  /// The file `checkpoint`, where it is no text.
  public static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    switch input.kind {
    case .absent: return nil
    case .file: return isTree(input) ? input.path : nil
    case .folder:
      let path = input.path.appending(path: treeFile)
      guard input.entries.contains(treeFile), FolderListing.isFile(path) else { return nil }
      return isTree(try InputPath(path)) ? path : nil
    }
  }

  /// By its name, since Flax's files hold trees too, and by its first byte: a map that is not empty.
  private static func isTree(_ input: InputPath) -> Bool {
    guard input.path.lastComponent == treeFile, let first = input.head.first else { return false }
    return (0x81...0x8F).contains(first) || first == 0xDE || first == 0xDF
  }
}
