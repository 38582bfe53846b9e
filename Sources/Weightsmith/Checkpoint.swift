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
  /// What recipes read from: its own tensors, and behind them those of what was merged into it.
  public let source: any TensorSource
  /// Its own tensors.
  let own: any TensorSource
  /// Tensors that are not what is stored under their names, and those that are stored under none of its own.
  let merged: StoredTensors

  init(
    path: String, folder: String, source: any TensorSource, own: (any TensorSource)? = nil,
    merged: StoredTensors = [:]
  ) {
    self.path = path
    self.folder = folder
    self.source = source
    self.own = own ?? source
    self.merged = merged
  }

  /// Opens a file, a folder, a prefix, a shard or an index; the container is recognised by content.
  public static func open(
    _ path: String, options: OpenOptions = OpenOptions()
  ) throws(SmithError) -> Checkpoint {
    let source = try Formats.open(path, options: options)
    return Checkpoint(path: path, folder: (source.files.first ?? path).parentFolder, source: source)
  }

  /// Its tensors as recipes over `source`, with those that other programs store in parts put together; what only a configuration says
  /// of them is taken from `configuration`, or from the file beside the checkpoint. Errors as those of `StoredSchemes.fold`.
  func stored(configuration: String? = nil) throws(SmithError) -> StoredTensors {
    var tensors = try StoredSchemes.fold(own) { () throws(SmithError) in
      try ConfigurationFiles.quantization(of: self, chosen: configuration)
    }
    for (name, recipe) in merged { tensors[name] = recipe }
    return tensors
  }

  public var container: String { source.container }
  public var tensors: [TensorInfo] { own.tensors }
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
    // Most files hold nothing but plain tensors, some of them very many.
    guard metadata[StoredSchemes.key] != nil || !merged.isEmpty || Layouts.areMet(in: own) else {
      return tensors
    }
    let bytes = Dictionary(
      tensors.map { ($0.name, $0.byteCount) }, uniquingKeysWith: { first, _ in first })
    let folded = try stored()
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
