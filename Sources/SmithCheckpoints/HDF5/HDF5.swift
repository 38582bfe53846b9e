import SmithBytes
import SmithTensors

/// HDF5: Keras weights, Hugging Face `tf_model.h5` and its shards, ELMo's `weights.hdf5`. Docs/Formats/hdf5.md.
public enum HDF5: ContainerFormat {
  public static let name = "hdf5"
  public static let fileExtension = "h5"
  public static let usualNames = "keras"
  public static let usualStem = "tf_model"
  public static let writer: (any ContainerWriter)? = HDF5Writer()

  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  static let indexSuffix = ".h5.index.json"

  public static func isModelFile(_ name: String) -> Bool {
    name == "tf_model.h5" || name == "tf_model" + indexSuffix
  }

  /// ELMo is published as `x_weights.hdf5` with `x_options.json`.
  public static func isModelFile(_ name: String, beside others: [String]) -> Bool {
    let weights = "weights.hdf5"
    return isModelFile(name)
      || name.hasSuffix(weights) && others.contains(name.dropLast(weights.count) + "options.json")
  }

  /// A file with the signature at 0, 512, 1024, 2048, …, or a shard index; a folder with one of the usual names, or with the only
  /// `.weights.json` in it, or else the only `.h5` or `.hdf5`.
  public static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    switch input.kind {
    case .absent: return nil
    case .file:
      if input.path.hasSuffix(indexSuffix) || input.path.hasSuffix(KerasShardIndex.suffix) {
        return input.path
      }
      return try hasSignature(input) ? input.path : nil
    case .folder:
      if let name = input.entries.first(where: isModelFile) {
        return input.path.appending(path: name)
      }
      let paired = input.entries.filter { isModelFile($0, beside: input.entries) }
      if paired.count == 1 { return input.path.appending(path: paired[0]) }
      let indexes = input.entries.filter { $0.hasSuffix(KerasShardIndex.suffix) }
      if indexes.count == 1 { return input.path.appending(path: indexes[0]) }
      let candidates = input.entries.filter { $0.hasSuffix(".h5") || $0.hasSuffix(".hdf5") }
      guard let only = candidates.first else { return nil }
      guard candidates.count == 1 else {
        throw SmithError(
          .mismatch, "several HDF5 files: \(candidates.joined(separator: ", "))",
          at: Place(file: input.path), remedy: "name one of them")
      }
      let path = input.path.appending(path: only)
      let file = try InputPath(path)
      guard file.kind == .file, try hasSignature(file) else { return nil }
      return path
    }
  }

  public static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    if path.hasSuffix(KerasShardIndex.suffix) {
      return try KerasShardedSource(index: path, options: options)
    }
    if path.hasSuffix(indexSuffix) { return try HDF5ShardedSource(index: path, options: options) }
    return try HDF5Source(path, options: options)
  }

  /// A user block of any power of two from 512 on may come before the signature.
  private static func hasSignature(_ input: InputPath) throws(SmithError) -> Bool {
    if input.head.starts(with: signature) { return true }
    let file = try InputFile(input.path)
    var offset = 512
    while offset <= file.count - signature.count {
      if try file.bytes(offset..<(offset + signature.count)) == signature { return true }
      offset *= 2
    }
    return false
  }
}
