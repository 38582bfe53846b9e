import SmithBytes
import SmithTensors

/// GGUF: the file of llama.cpp and everything around ggml, with typed metadata and block-quantized tensors
/// (Docs/Formats/gguf.md).
public enum GGUF: ContainerFormat {
  public static let name = "gguf"
  public static let fileExtension = "gguf"
  public static let usualNames = "gguf"
  public static let writer: (any ContainerWriter)? = GGUFWriter()

  static let magic = Array("GGUF".utf8)
  private static let firstPart = "-00001-of-"

  public static func isModelFile(_ name: String) -> Bool {
    name == "model.gguf" || (name.hasPrefix("model" + firstPart) && name.hasSuffix(".gguf"))
  }

  public static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    switch input.kind {
    case .absent: return nil
    case .file:
      if input.head.starts(with: magic) { return input.path }
      // A damaged or very old file then gets an error that says how; what is plainly another container's is left to it.
      let others: [[UInt8]] = [[0x89, 0x48, 0x44, 0x46], [0x50, 0x4B, 3, 4], [0x80, 2]]
      let isOther = others.contains { input.head.starts(with: $0) }
      return input.path.hasSuffix(".gguf") && !isOther ? input.path : nil
    case .folder: return try choose(in: input).map { input.path.appending(path: $0) }
    }
  }

  public static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    try GGUFSource(path)
  }

  /// The only model of a folder: one file, or the parts of one split. Several are usually one model in several quantizations.
  private static func choose(in folder: InputPath) throws(SmithError) -> String? {
    if let name = folder.entries.first(where: isModelFile) { return name }
    let candidates = folder.entries.filter { name in
      guard name.hasSuffix(".gguf") else { return false }
      let isPart = name.dropLast(5).dropLast(5).hasSuffix("-of-")
      return !isPart || name.contains(firstPart)
    }
    guard candidates.count > 1 else { return candidates.first }
    throw SmithError(
      .mismatch, "several GGUF files: \(candidates.joined(separator: ", "))",
      at: Place(file: folder.path), remedy: "name one of them")
  }
}
