import SmithBytes
import SmithTensors

/// safetensors: a JSON header and one data buffer per file, and an index file where there are several
/// (Docs/Formats/safetensors.md).
public enum Safetensors: ContainerFormat {
  public static let name = "safetensors"
  public static let fileExtension = "safetensors"
  public static let usualNames = "hf"
  public static let writer: (any ContainerWriter)? = SafetensorsWriter()

  static let indexSuffix = ".safetensors.index.json"

  public static func isModelFile(_ name: String) -> Bool {
    name == "model.safetensors" || name == "model" + indexSuffix
  }

  public static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    switch input.kind {
    case .absent: nil
    case .file: isIndex(input) || isTensorFile(input) ? input.path : nil
    case .folder: try choose(in: input).map { input.path.appending(path: $0) }
    }
  }

  public static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    let input = try InputPath(path)
    if isIndex(input) { return try SafetensorsSource(index: path) }
    return try SafetensorsSource(file: path)
  }

  /// The file of a folder that stands for the model: transformers' own names first, then the only one of its kind.
  private static func choose(in folder: InputPath) throws(SmithError) -> String? {
    if let name = folder.entries.first(where: isModelFile) { return name }
    let indexes = folder.entries.filter { $0.hasSuffix(indexSuffix) }
    let files = folder.entries.filter { $0.hasSuffix(".safetensors") }
    let candidates = indexes.isEmpty ? files : indexes
    guard candidates.count > 1 else { return candidates.first }
    throw SmithError(
      .mismatch, "several files and no model.safetensors: \(candidates.joined(separator: ", "))",
      at: Place(file: folder.path),
      remedy: indexes.isEmpty ? "name one file, or add the index file" : "name one index file")
  }

  private static func isIndex(_ input: InputPath) -> Bool {
    guard input.kind == .file else { return false }
    if input.path.hasSuffix(indexSuffix) { return true }
    guard input.head.first(where: { !isJSONSpace($0) }) == UInt8(ascii: "{") else { return false }
    let text = String(decoding: input.head, as: UTF8.self)
    return text.contains("\"weight_map\"") && text.contains(".safetensors\"")
  }

  /// A length we could read and an opening brace; or the extension, unless the bytes are plainly another container's: a
  /// damaged file then gets an error that says how.
  private static func isTensorFile(_ input: InputPath) -> Bool {
    let head = input.head
    var length: UInt64 = 0
    for byte in head.prefix(8).reversed() { length = length << 8 | UInt64(byte) }
    let brace = head.dropFirst(8).first { !isJSONSpace($0) } == UInt8(ascii: "{")
    if head.count > 8, brace, length <= UInt64(SafetensorsHeader.maxLength) { return true }
    guard input.path.hasSuffix(".safetensors") else { return false }
    let others: [[UInt8]] = [
      [0x89, 0x48, 0x44, 0x46], [0x50, 0x4B, 3, 4], Array("GGUF".utf8), [0x80, 2],
    ]
    return !others.contains { head.starts(with: $0) }
  }

  private static func isJSONSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }
}
