import SmithBytes
import SmithTensors

/// Flax's MessagePack files: a tree of maps with arrays at its leaves, and an index file where there are several
/// (Docs/Formats/msgpack.md).
public enum Flax: ContainerFormat {
  public static let name = "msgpack"
  public static let fileExtension = "msgpack"
  public static let usualStem = "flax_model"
  public static let usualNames = "flax"
  public static let writer: (any ContainerWriter)? = FlaxWriter()

  static let indexSuffix = ".msgpack.index.json"

  public static func isModelFile(_ name: String) -> Bool {
    name == "flax_model.msgpack" || name == "flax_model" + indexSuffix
  }

  public static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    switch input.kind {
    case .absent: nil
    case .file: isIndex(input) || isTree(input) ? input.path : nil
    case .folder: try choose(in: input).map { input.path.appending(path: $0) }
    }
  }

  public static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    isIndex(try InputPath(path)) ? try FlaxSource(index: path) : try FlaxSource(file: path)
  }

  private static func choose(in folder: InputPath) throws(SmithError) -> String? {
    if let name = folder.entries.first(where: isModelFile) { return name }
    let indexes = folder.entries.filter { $0.hasSuffix(indexSuffix) }
    let files = folder.entries.filter { $0.hasSuffix(".msgpack") }
    let candidates = indexes.isEmpty ? files : indexes
    guard candidates.count > 1 else { return candidates.first }
    throw SmithError(
      .mismatch,
      "several files and no flax_model.msgpack: \(candidates.prefix(5).joined(separator: ", "))",
      at: Place(file: folder.path),
      remedy: indexes.isEmpty ? "name one file, or add the index file" : "name one index file")
  }

  private static func isIndex(_ input: InputPath) -> Bool {
    guard input.kind == .file else { return false }
    if input.path.hasSuffix(indexSuffix) { return true }
    guard input.head.first == UInt8(ascii: "{") else { return false }
    let text = String(decoding: input.head, as: UTF8.self)
    return text.contains("\"weight_map\"") && text.contains(".msgpack\"")
  }

  /// The format has no magic. By the extension, or where a map begins whose first key is printable text and whose first value is a
  /// map or an array.
  private static func isTree(_ input: InputPath) -> Bool {
    if input.path.hasSuffix(".msgpack") { return true }
    var rest = input.head[...]
    guard let map = rest.popFirst() else { return false }
    switch map {
    case 0x81...0x8F: break
    case 0xDE: rest = rest.dropFirst(2)
    case 0xDF: rest = rest.dropFirst(4)
    default: return false
    }
    guard let text = rest.popFirst() else { return false }
    var count = Int(text & 0x1F)
    switch text {
    case 0xA1...0xBF: break
    case 0xD9: count = rest.popFirst().map { Int($0) } ?? 0
    default: return false
    }
    guard count > 0, rest.count > count,
      rest.prefix(count).allSatisfy({ (0x20...0x7E).contains($0) }),
      let value = rest.dropFirst(count).first
    else { return false }
    return (0x80...0x8F).contains(value) || (0xC7...0xC9).contains(value)
      || (0xD4...0xD8).contains(value) || value == 0xDE || value == 0xDF
  }
}
