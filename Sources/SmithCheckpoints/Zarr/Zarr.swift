import SmithBytes
import SmithTensors

/// Zarr v2 folders: one array, or folders of arrays, as the zarr package and plain Orbax checkpoints have them (formats §6.2-6.4). Read only.
public enum Zarr: ContainerFormat {
  public static let name = "zarr"
  public static let fileExtension = "zarr"
  public static let usualNames = "flax"
  public static let writer: (any ContainerWriter)? = nil

  static let arrayFile = ".zarray"
  /// Files that mark a folder of arrays: a group, and its consolidated metadata.
  private static let groupFiles = [".zgroup", ".zmetadata"]
  /// Files of an Orbax checkpoint, whose arrays may be Zarr folders or in a database.
  private static let orbaxFiles = ["_CHECKPOINT_METADATA", "_METADATA", databaseFile]
  static let databaseFile = "manifest.ocdbt"
  static let version3File = "zarr.json"

  public static func isModelFile(_ name: String) -> Bool { false }

  /// Reads the arrays' metadata and looks at no chunk.
  ///
  /// `.unsupported` for compressors other than gzip and zlib, for filters, for Zarr v3 and for Orbax databases; `.malformed`,
  /// `.mismatch` and `.limit` for metadata that breaks the rules of Docs/Formats/zarr.md.
  public static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    let names = FolderListing.names(in: path)
    if names.contains(databaseFile) { throw database(path) }
    return try ZarrSource(root: path, arrays: try ZarrFolder.arrays(in: path))
  }

  /// The folder, or the folder around one of its metadata files.
  public static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    switch input.kind {
    case .absent: return nil
    case .file:
      let name = input.path.lastComponent
      let marks = [arrayFile, version3File] + groupFiles + orbaxFiles
      return marks.contains(name) ? input.folder : nil
    case .folder:
      let marks = [arrayFile, version3File] + groupFiles + orbaxFiles
      if input.entries.contains(where: marks.contains) { return input.path }
      let hasArray = input.entries.contains { name in
        FolderListing.isFile(input.path.appending(path: name).appending(path: arrayFile))
      }
      return hasArray ? input.path : nil
    }
  }

  static func database(_ folder: String) -> SmithError {
    SmithError(
      .unsupported, "an Orbax checkpoint in an OCDBT database", at: Place(file: folder),
      remedy: "restore it with Orbax and save it as safetensors or Flax msgpack")
  }

  static func version3(_ folder: String) -> SmithError {
    SmithError(
      .unsupported, "a Zarr v3 folder, we read v2", at: Place(file: folder),
      remedy: "write it again with zarr_format=2 and gzip or no compressor")
  }
}

/// What we accept at most (formats §14.1).
enum ZarrLimits {
  /// A `.zarray` file.
  static let metadataBytes = 1 << 20
  static let arrays = 100_000
  /// Folders looked into while searching for arrays, and how deep.
  static let folders = 200_000
  static let depth = 16
  static let nameBytes = 4096
  static let rank = 16
  static let chunks = 10_000_000
  /// One chunk, once decompressed.
  static let chunkBytes = 1 << 30
  /// Decompressed chunks that are kept for the next read.
  static let cacheBytes = 128 << 20
  /// Bytes of a result for each byte of deflated data at most: deflate cannot do more.
  static let expansion = 1032
  /// What arrays without chunks, all fill value, may add up to beyond what their files can give.
  static let emptyBytes = 4 << 30
}
