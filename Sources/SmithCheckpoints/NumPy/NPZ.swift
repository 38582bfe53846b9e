import SmithBytes
import SmithTensors

/// NumPy's `.npz`, a zip archive of arrays, and a single `.npy` array (Docs/Formats/npz.md).
public enum NPZ: ContainerFormat {
  public static let name = "npz"
  public static let fileExtension = "npz"
  public static let usualNames = "hf"
  public static let writer: (any ContainerWriter)? = NPZWriter()

  public static func isModelFile(_ name: String) -> Bool { name == "model.npz" }

  public static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    switch input.kind {
    case .absent: return nil
    case .file: return isArray(input.head) || isArchive(input) ? input.path : nil
    case .folder:
      let files = input.entries.filter { $0.hasSuffix(".npz") }
      let chosen = files.first(where: isModelFile) ?? (files.count == 1 ? files.first : nil)
      return chosen.map { input.path.appending(path: $0) }
    }
  }

  public static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    let file = try InputFile(path)
    return isArray(try file.bytes(0..<min(file.count, NPYHeader.magic.count)))
      ? try NPZSource(array: file) : try NPZSource(archive: file)
  }

  private static func isArray(_ head: [UInt8]) -> Bool { head.starts(with: NPYHeader.magic) }

  /// By the name of the first member; by the extension where the bytes are a zip archive at all.
  private static func isArchive(_ input: InputPath) -> Bool {
    let head = input.head
    guard ZipArchive.recognises(head) else { return false }
    if input.path.hasSuffix(".npz") { return true }
    guard head.count > 30 else { return false }
    let nameCount = Int(head[26]) | Int(head[27]) << 8
    let end = Array(".npy".utf8)
    return head.count >= 30 + nameCount && nameCount > end.count
      && head[30..<(30 + nameCount)].suffix(end.count).elementsEqual(end)
  }
}
