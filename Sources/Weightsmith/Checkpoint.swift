import SmithBytes
import SmithCheckpoints
import SmithModels
import SmithTensors

/// A checkpoint of any container: metadata now, bytes on demand.
public struct Checkpoint: Sendable {
  /// What the user pointed at.
  public let path: String
  /// The folder its files are in, where its configuration and tokenizer files are looked for.
  public let folder: String
  public let source: any TensorSource

  /// Opens a file, a folder, a prefix, a shard or an index; the container is recognised by content.
  public static func open(
    _ path: String, options: OpenOptions = OpenOptions()
  ) throws(SmithError) -> Checkpoint {
    let source = try Formats.open(path, options: options)
    return Checkpoint(path: path, folder: (source.files.first ?? path).parentFolder, source: source)
  }

  public var container: String { source.container }
  public var tensors: [TensorInfo] { source.tensors }
  public var metadata: [String: String] { source.metadata }

  /// What a user would call it: the name of its file without the extension, or of its folder.
  public var title: String? {
    let name = path.lastComponent
    if name.isEmpty || name == "." || name == ".." || name == "/" { return nil }
    let ending = Formats.all.lazy.compactMap { $0.namedExtension(of: name) }.first
    return String(name.dropLast(ending.map { $0.count + 1 } ?? 0))
  }

  /// The tensors as a user counts them: the components of a quantized tensor are one entry with the scheme as its encoding.
  public func logicalTensors() throws(SmithError) -> [TensorInfo] {
    let bytes = Dictionary(
      tensors.map { ($0.name, $0.byteCount) }, uniquingKeysWith: { first, _ in first })
    let folded = try storedTensors()
    let owners = folded.owners
    var shown: Set<String> = []
    return tensors.compactMap { tensor in
      // A container's own blocks are one tensor already.
      guard tensor.encoding.dtype != nil else { return tensor }
      guard let owner = owners[tensor.name], let recipe = folded[owner],
        let scheme = recipe.storedScheme
      else {
        return folded[tensor.name] != nil || tensor.encoding.dtype?.width == 0 ? tensor : nil
      }
      guard shown.insert(owner).inserted else { return nil }
      let size = recipe.sources.reduce(0) { $0 + (bytes[$1] ?? 0) }
      return TensorInfo(
        name: owner, encoding: .scheme(scheme), shape: recipe.shape, byteCount: size)
    }
  }

  /// The tensors as recipes, with those that other programs store in parts put together; what only a configuration says of them
  /// is taken from `configuration`, or from the file beside the checkpoint.
  func storedTensors(configuration: String? = nil) throws(SmithError) -> StoredTensors {
    try StoredSchemes.fold(source) { () throws(SmithError) in
      try ConfigurationFiles.quantization(of: self, chosen: configuration)
    }
  }
}

extension StoredTensors {
  /// Of each tensor that is part of a quantized one the name of that.
  var owners: [String: String] {
    var owners: [String: String] = [:]
    for (name, recipe) in self where recipe.storedScheme != nil {
      for part in recipe.sources { owners[part] = name }
    }
    return owners
  }
}
