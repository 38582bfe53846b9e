import SmithBytes
import SmithTensors

/// TensorFlow's V2 checkpoint, the "tensor bundle": `PREFIX.index`, a LevelDB table of entries, beside
/// `PREFIX.data-SSSSS-of-NNNNN`, the tensors' bytes (formats §2). What is opened is the PREFIX.
public enum TensorFlowBundle: ContainerFormat {
  public static let name = "tf"
  /// A bundle is always several files.
  public static let fileExtension = ""
  public static let usualNames = "original"
  public static let usualStem = "model.ckpt"
  public static let writer: (any ContainerWriter)? = BundleWriter()

  /// Reads the index, the sizes of the data files and, where there is one, the object graph; no numbers are read.
  ///
  /// `.unsupported` for V1 checkpoints, `.checksum` where a block of the index was damaged, `.missing` naming a data file that
  /// is not there, `.truncated` where one is too short for its tensors, `.malformed` and `.mismatch` for entries that break
  /// the rules of Docs/Formats/tensorflow.md.
  public static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    try BundleSource(prefix: path)
  }
}

/// What we accept at most (formats §14.1). Real checkpoints stay far below.
enum BundleLimits {
  /// Bytes of an index file, and of all its blocks together once decompressed.
  static let indexBytes = 100 << 20
  static let entries = 1_000_000
  static let nameBytes = 4096
  static let rank = 16
  static let shards = 100_000
  static let slices = 4096
  /// References between objects of a graph.
  static let graphEdges = 10_000_000
  /// Bytes read at once where a tensor is only checked.
  static let checkBytes = 4 << 20
}
