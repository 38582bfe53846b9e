import SmithBytes
import SmithTensors

/// One container: how its files are recognised, opened and, where `writer` is there, written.
public protocol ContainerFormat: Sendable {
  /// The name on the command line (`--to`) and in JSON.
  static var name: String { get }
  /// The extension of a single-file DST that means this format, without the dot; empty where it takes several files.
  static var fileExtension: String { get }
  /// All extensions that mean it; the first is what we write.
  static var fileExtensions: [String] { get }
  /// The file name without extension that the ecosystem looks for: `model`, `pytorch_model`.
  static var usualStem: String { get }
  /// Whose tensor names a file of this kind usually has, in the words of `--names`: `hf`, `original`, `keras`.
  static var usualNames: String { get }
  /// Whether a file of this name in a folder is surely this format's model, whatever else lies beside it: `model.safetensors`, `x.index`.
  static func isModelFile(_ name: String) -> Bool
  /// The same where the other names in the folder tell: `weights.hdf5` is a model beside its `options.json`.
  static func isModelFile(_ name: String, beside others: [String]) -> Bool
  /// What to open when `input` is this format's (a file, or a prefix of several), nil when it is not. Decided by content.
  static func recognise(_ input: InputPath) throws(SmithError) -> String?
  static func open(_ path: String, options: OpenOptions) throws(SmithError) -> any TensorSource
  /// Nil for formats that are only read.
  static var writer: (any ContainerWriter)? { get }
}

/// What a caller may decide about opening, whatever the container turns out to be.
public struct OpenOptions: Hashable, Sendable {
  /// Where libhdf5 reads the metadata of an HDF5 file.
  public enum HDF5: Hashable, Sendable {
    /// In this process. Damaged or hostile metadata can crash it, hang it, or take any amount of memory: releases in use have such
    /// errors. Fast, and right for files one trusts.
    case inProcess
    /// In a child process with limits on time and memory; a crash there is an error here. `executable` is the path of a
    /// `weightsmith`, whose hidden command `hdf5-metadata` does it.
    case isolated(executable: String)
  }

  public var hdf5: HDF5

  public init(hdf5: HDF5 = .inProcess) { self.hdf5 = hdf5 }
}

extension ContainerFormat {
  public static var usualStem: String { "model" }
  public static var fileExtensions: [String] { fileExtension.isEmpty ? [] : [fileExtension] }

  /// The extension by which a file's name says that it is this format, without the dot; nil where it does not.
  public static func namedExtension(of name: String) -> String? {
    fileExtensions.first { name.hasSuffix("." + $0) && name.utf8.count > $0.utf8.count + 1 }
  }

  public static func isModelFile(_ name: String, beside others: [String]) -> Bool {
    isModelFile(name)
  }

  public static func open(_ path: String) throws(SmithError) -> any TensorSource {
    try open(path, options: OpenOptions())
  }
}

/// The containers. Of several in one folder, those under a model's usual name come first, then the order of this list decides.
public enum Formats {
  public static let all: [any ContainerFormat.Type] = [
    Safetensors.self,
    TensorFlowBundle.self,
    TensorFlowV1.self,
    HDF5.self,
    KerasArchive.self,
    GGUF.self,
    NPZ.self,
    T5X.self,
    Flax.self,
    ONNX.self,
    Zarr.self,
    PyTorch.self,
  ]

  /// The folders in a folder that is no checkpoint itself: one of them may be meant.
  private static func folders(in input: InputPath) -> String? {
    guard input.kind == .folder else { return nil }
    let names = input.entries.filter { FolderListing.isFolder(input.path.appending(path: $0)) }
    return names.isEmpty ? nil : names.prefix(3).joined(separator: ", or ")
  }

  /// Opens anything a user has: a file, a folder, a prefix, a shard, an index.
  public static func open(
    _ path: String, options: OpenOptions = OpenOptions()
  ) throws(SmithError) -> any TensorSource {
    let input = try InputPath(path)
    let named = all.filter { format in
      input.kind == .folder
        && input.entries.contains { format.isModelFile($0, beside: input.entries) }
    }
    for format in named + all {
      if let found = try format.recognise(input) { return try format.open(found, options: options) }
    }
    throw SmithError(
      .unsupported, "no checkpoint we know (\(all.map { $0.name }.joined(separator: ", ")))",
      at: Place(file: path), remedy: folders(in: input))
  }
}
