import SmithBytes
import SmithTensors

/// An open ONNX model.
struct ONNXSource: TensorSource {
  let container = ONNX.name
  let files: [String]
  let tensors: [TensorInfo]
  let metadata: [String: String]
  let notes: [String]
  private let values: [String: ONNXValues]
  private let inputs: [InputFile]

  init(_ path: String) throws(SmithError) {
    let file = try InputFile(path)
    var dataFiles = ONNXDataFiles(file)
    do throws(SmithError) {
      let model = try ONNXModel(file)
      var found: [String: ONNXValues] = [:]
      var order: [(file: Int, offset: Int, name: String)] = []
      for tensor in model.tensors {
        let values: ONNXValues
        do throws(SmithError) { values = try ONNXValues(tensor, &dataFiles) } catch {
          throw error.at(file: path, offset: tensor.position, item: tensor.name)
        }
        try Self.add(values, tensor, to: &found)
        if case .plain(let number, let offset) = values.storage {
          order.append((number, offset, tensor.name))
        } else {
          order.append((0, tensor.position, tensor.name))
        }
      }
      for tensor in model.sparse {
        let info = TensorInfo(
          name: tensor.name, encoding: .plain(.opaque), shape: tensor.shape, byteCount: 0)
        try Self.add(ONNXValues(info: info), tensor, to: &found)
        order.append((0, tensor.position, tensor.name))
      }
      order.sort { ($0.file, $0.offset, $0.name) < ($1.file, $1.offset, $1.name) }
      let values = found
      tensors = order.compactMap { values[$0.name]?.info }
      self.values = values
      metadata = model.metadata
      notes = Self.notes(model, values, file)
    } catch { throw error.at(file: path) }
    inputs = dataFiles.files
    files = inputs.map(\.path)
    try checkAmplification()
  }

  private static func add(
    _ values: ONNXValues, _ tensor: ONNXTensor, to found: inout [String: ONNXValues]
  ) throws(SmithError) {
    guard found.updateValue(values, forKey: tensor.name) == nil else {
      throw SmithError(
        .mismatch, "the tensor stands twice", at: Place(offset: tensor.position, item: tensor.name))
    }
  }

  /// A million tensors over the same bytes are a way to fill a disk.
  private func checkAmplification() throws(SmithError) {
    var sum = 0
    for tensor in tensors { sum = try sum.adding(checked: tensor.byteCount) }
    let held = inputs.reduce(0) { $0 + $1.count }
    guard sum / ONNXLimits.amplification <= held else {
      throw SmithError(
        .limit, "tensors of \(sum) bytes in files of \(held)", at: Place(file: files[0]))
    }
  }

  private static func notes(
    _ model: ONNXModel, _ values: [String: ONNXValues], _ file: InputFile
  ) -> [String] {
    var notes: [String] = []
    if model.constants > 0 { notes.append("values of Constant nodes: \(model.constants)") }
    if model.nested > 0 {
      notes.append("in subgraphs or functions, named by node and attribute: \(model.nested)")
    }
    if !model.sparse.isEmpty { notes.append("sparse tensors, not read: \(model.sparse.count)") }
    let small = model.tensors.compactMap { ONNXType.unpackedNames[$0.type] }
    if !small.isEmpty {
      let counts = Set(small).sorted().map { name in "\(small.count { $0 == name }) of \(name)" }
      notes.append("listed as one byte per number: \(counts.joined(separator: ", "))")
    }
    if values.keys.contains(where: { $0.hasPrefix("onnx::") }) {
      notes.append("onnx::… are matrices without a name, usually transposed")
    }
    if file.count > ONNXLimits.messageBytes {
      notes.append("more than 2 GiB in one file, which protobuf readers refuse")
    }
    return notes
  }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    guard let found = values[tensor.name], found.info == tensor else {
      throw SmithError(
        .missing, "no such tensor in the model", at: Place(file: files[0], item: tensor.name))
    }
    let count = span.byteCount
    if case .unread = found.storage {
      throw SmithError(
        .unsupported, "\(tensor.encoding.name) tensors hold no numbers to read",
        at: Place(file: files[0], item: tensor.name))
    }
    guard offset >= 0, count <= tensor.byteCount, offset <= tensor.byteCount - count else {
      throw SmithError(
        .usage, "\(count) bytes at \(offset) of \(tensor.byteCount)", at: Place(item: tensor.name))
    }
    if count == 0 { return }
    do throws(SmithError) {
      try found.read(offset..<(offset + count), of: inputs, into: &span)
    } catch { throw error.at(file: files[0], item: tensor.name) }
  }
}
