import SmithBytes
import SmithTensors

/// The weights of an ONNX model: the initializers of its graph, the tensors of its Constant nodes, those of subgraphs
/// (formats §12). Read only: a graph is more than weights.
public enum ONNX: ContainerFormat {
  public static let name = "onnx"
  public static let fileExtension = "onnx"
  public static let usualNames = "hf"
  public static let writer: (any ContainerWriter)? = nil

  public static func isModelFile(_ name: String) -> Bool { name == "model.onnx" }

  /// Walks over the protobuf message and looks at the external data files' sizes; no numbers are read.
  ///
  /// `.malformed`, `.mismatch` and `.truncated` for models that break the rules of Docs/Formats/onnx.md, `.refused` for external data
  /// outside the model's folder, `.missing` where it is not there.
  public static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    try ONNXSource(path)
  }

  public static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    switch input.kind {
    case .absent: return nil
    case .file: return try isModel(input) ? input.path : nil
    case .folder:
      if input.entries.contains(where: isModelFile) {
        return input.path.appending(path: "model.onnx")
      }
      let found = input.entries.filter { $0.hasSuffix(".onnx") }
      guard found.count < 2 else {
        throw SmithError(
          .mismatch, "several models: \(found.prefix(5).joined(separator: ", "))",
          at: Place(file: input.path), remedy: "name one file")
      }
      return found.first.map { input.path.appending(path: $0) }
    }
  }

  /// A file of any name whose outermost fields are those of a ModelProto up to its last byte; or the extension, unless the bytes
  /// begin as no model does: a damaged file then gets an error that says how.
  private static func isModel(_ input: InputPath) throws(SmithError) -> Bool {
    guard let first = input.head.first else { return false }
    // Protobuf writers put ir_version, field 1, first. All others are messages or text, of wire type 2.
    if input.path.hasSuffix(".onnx") { return first == 0x08 || first & 7 == 2 }
    guard first == 0x08 else { return false }
    do throws(SmithError) {
      var reader = ProtobufFileReader(FileCursor(try InputFile(input.path)))
      var seen: Set<Int> = []
      while let field = try reader.next() {
        let isNumber = if case .varint = field.value { true } else { false }
        guard let expected = modelFields[field.number], expected == isNumber else { return false }
        seen.insert(field.number)
      }
      return seen.isSuperset(of: [1, 7])
    } catch {
      if error.kind == .io { throw error }
      return false
    }
  }

  /// ModelProto's fields: ir_version, producer_name, producer_version, domain, model_version, doc_string, graph, opset_import,
  /// metadata_props, training_info, functions, configuration. True for a number, false for text and messages.
  private static let modelFields: [Int: Bool] = [
    1: true, 2: false, 3: false, 4: false, 5: true, 6: false, 7: false, 8: false, 14: false,
    20: false, 25: false, 26: false,
  ]
}

/// What we accept at most (formats §14.1).
enum ONNXLimits {
  static let tensors = 1_000_000
  static let nameBytes = 4096
  static let rank = 16
  /// Graphs in graphs.
  static let depth = 64
  static let metadataBytes = 16 << 20
  /// Attributes of one node that are looked at.
  static let attributes = 100_000
  static let dataFiles = 10_000
  /// External tensors may share bytes (a table used twice), but all together not be this many times their files.
  static let amplification = 16
  /// What protobuf can read of one message.
  static let messageBytes = Int(Int32.max)
}
