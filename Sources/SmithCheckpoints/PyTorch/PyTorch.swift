import SmithBytes
import SmithTensors

/// PyTorch: what torch.save writes, as a zip archive or as the stream of pickles before 1.6, TorchScript archives, and shards with an
/// index (Docs/Formats/pytorch.md). The pickle in it is read as data; nothing in it can be executed.
public enum PyTorch: ContainerFormat {
  public static let name = "torch"
  public static let fileExtension = "bin"
  public static let fileExtensions = ["bin", "pt", "pth"]
  public static let usualStem = "pytorch_model"
  public static let usualNames = "hf"
  public static let writer: (any ContainerWriter)? = PyTorchWriter()

  static let indexSuffix = ".bin.index.json"
  private static let extensions = [".bin", ".pt", ".pth", ".ckpt"]
  /// What trainers leave beside a model: no models.
  private static let companions = [
    "training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scheduler.bin",
    "scaler.pt",
  ]

  public static func isModelFile(_ name: String) -> Bool {
    name == "pytorch_model.bin" || name == "pytorch_model" + indexSuffix
  }

  /// A file that is torch's by content, or by its extension unless the bytes are plainly another container's: a damaged file then
  /// gets an error that says how.
  public static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    switch input.kind {
    case .absent: return nil
    case .file: return isIndex(input) || isTorchFile(input) ? input.path : nil
    case .folder: return try choose(in: input).map { input.path.appending(path: $0) }
    }
  }

  public static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    let input = try InputPath(path)
    if isIndex(input) { return try PyTorchSource(index: path) }
    return try PyTorchSource(file: path)
  }

  private static func isIndex(_ input: InputPath) -> Bool {
    guard input.kind == .file else { return false }
    if input.path.hasSuffix(indexSuffix) { return true }
    let text = String(decoding: input.head, as: UTF8.self)
    return text.contains("\"weight_map\"") && text.contains(".bin\"")
  }

  private static func isTorchFile(_ input: InputPath) -> Bool {
    let isNamed = extensions.contains { input.path.hasSuffix($0) }
    switch kind(of: input.head) {
    case .legacy, .tar: return true
    case .pickle: return isNamed
    case .zip:
      // A broken zip may be another format's, unless its name says otherwise.
      guard let archive = try? ZipArchive(InputFile(input.path)) else { return isNamed }
      return (try? TorchArchive.root(of: archive)) != nil
        || archive.entries.contains { $0.name.hasSuffix("/" + TorchArchive.dataPickle) }
    case nil: return false
    }
  }

  /// What training programs call the model among their checkpoints: fairseq.
  static let publishedName = "model.pt"

  /// The file of a folder that stands for the model: transformers' own names first, then the only one of its kind, then `model.pt`.
  private static func choose(in folder: InputPath) throws(SmithError) -> String? {
    if let name = folder.entries.first(where: isModelFile) { return name }
    let indexes = folder.entries.filter { $0.hasSuffix(indexSuffix) }
    var candidates = indexes
    if indexes.isEmpty {
      for name in folder.entries where isCandidate(name) {
        let path = folder.path.appending(path: name)
        if FolderListing.isFile(path), isTorchFile(try InputPath(path)) { candidates.append(name) }
      }
    }
    guard candidates.count > 1 else { return candidates.first }
    if candidates.contains(publishedName) { return publishedName }
    throw SmithError(
      .mismatch, "several PyTorch files: \(candidates.prefix(8).joined(separator: ", "))",
      at: Place(file: folder.path),
      remedy: indexes.isEmpty ? "name one file, or add the index file" : "name one index file")
  }

  private static func isCandidate(_ name: String) -> Bool {
    extensions.contains { name.hasSuffix($0) } && !companions.contains(name)
      && !name.hasPrefix("rng_state")
  }
}

extension PyTorch {
  /// The forms of a file, by its first bytes.
  enum Kind { case zip, legacy, tar, pickle }

  /// So many first bytes tell.
  static let headBytes = 512

  static func kind(of head: [UInt8]) -> Kind? {
    if ZipArchive.recognises(head) { return .zip }
    if head.count > 2, head[0] == 0x80, (2...5).contains(head[1]) {
      // The magic number is the first pickle, behind PROTO and, from protocol 4 on, perhaps FRAME.
      let start = head.prefix(32)
      return start.firstRange(of: [0x8A, 0x0A] + LegacyStream.magic) == nil ? .pickle : .legacy
    }
    let isTar = head.count > 262 && Array(head[257..<262]) == Array("ustar".utf8)
    guard isTar else { return nil }
    let first = String(decoding: head.prefix(100).prefix { $0 != 0 }, as: UTF8.self)
    return ["sys_info", "pickle", "storages", "tensors"].contains(first.lastComponent) ? .tar : nil
  }
}
