import SmithBytes

/// `ModelProto`: walks graph, nodes and subgraphs and collects every tensor that holds weights, under its name.
struct ONNXModel {
  private(set) var tensors: [ONNXTensor] = []
  /// Tensors that are sparse: values and indices, which we do not put together.
  private(set) var sparse: [ONNXTensor] = []
  /// `metadata_props`.
  private(set) var metadata: [String: String] = [:]
  /// How many tensors come from Constant nodes, and from subgraphs and functions.
  private(set) var constants = 0
  private(set) var nested = 0
  private var metadataBytes = 0
  private var hasGraph = false

  /// The walk loads no values. Errors carry the file offset.
  init(_ file: InputFile) throws(SmithError) {
    var reader = ProtobufFileReader(FileCursor(file))
    while let field = try reader.next() {
      switch field.number {
      case 7:
        hasGraph = true
        try walk(graph: try field.bytes(), prefix: "", depth: 0)
      case 14: try addMetadata(try field.bytes())
      case 25: try walk(function: try field.bytes())
      default: continue
      }
    }
    guard hasGraph else { throw SmithError(.malformed, "an ONNX model without a graph") }
  }

  /// GraphProto: `1 node`, `5 initializer`, `15 sparse_initializer`.
  private mutating func walk(
    graph: FileCursor, prefix: String, depth: Int
  ) throws(SmithError) {
    guard depth < ONNXLimits.depth else {
      throw SmithError(
        .limit, "graphs nested deeper than \(ONNXLimits.depth)", at: Place(offset: graph.position))
    }
    var reader = ProtobufFileReader(graph)
    var names = NodeNames(prefix: prefix)
    while let field = try reader.next() {
      switch field.number {
      case 1: try walk(node: try field.bytes(), names: &names, depth: depth)
      case 5:
        let tensor = try ONNXTensor(try field.bytes())
        try add(tensor, named: tensor.name, prefix: prefix)
      case 15: try add(sparse: try field.bytes(), prefix: prefix)
      default: continue
      }
    }
  }

  /// FunctionProto: `1 name`, `7 node`.
  private mutating func walk(function: FileCursor) throws(SmithError) {
    var reader = ProtobufFileReader(function)
    var name = ""
    while let field = try reader.next() {
      if field.number == 1 { name = try ONNXTensor.text(field) }
    }
    reader = ProtobufFileReader(function)
    var names = NodeNames(prefix: name + "/")
    while let field = try reader.next() {
      if field.number == 7 { try walk(node: try field.bytes(), names: &names, depth: 1) }
    }
  }

  /// NodeProto: `2 output`, `3 name`, `4 op_type`, `5 attribute`. Fields come in any order, so attributes wait.
  private mutating func walk(
    node: FileCursor, names: inout NodeNames, depth: Int
  ) throws(SmithError) {
    var reader = ProtobufFileReader(node)
    var (output, name, type) = (String?.none, "", "")
    var attributes: [FileCursor] = []
    while let field = try reader.next() {
      switch field.number {
      case 2: if output == nil { output = try ONNXTensor.text(field) }
      case 3: name = try ONNXTensor.text(field)
      case 4: type = try ONNXTensor.text(field)
      case 5:
        guard attributes.count < ONNXLimits.attributes else {
          throw SmithError(
            .limit, "more than \(ONNXLimits.attributes) attributes",
            at: Place(offset: field.position))
        }
        attributes.append(try field.bytes())
      default: continue
      }
    }
    let path = names.next(name, type: type)
    for attribute in attributes {
      try walk(
        attribute: attribute, constant: type == "Constant" ? output : nil, names: names,
        path: path, depth: depth)
    }
  }

  /// AttributeProto: `1 name`, `5 t`, `6 g`, `11 graphs`. A tensor counts where it is the value of a Constant node, under the name
  /// of what the node puts out.
  private mutating func walk(
    attribute: FileCursor, constant: String?, names: NodeNames, path: String, depth: Int
  ) throws(SmithError) {
    var reader = ProtobufFileReader(attribute)
    var name = ""
    var graphs: [FileCursor] = []
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try ONNXTensor.text(field)
      case 5:
        guard let constant else { continue }
        constants += 1
        try add(try ONNXTensor(try field.bytes()), named: constant, prefix: names.prefix)
      case 6, 11: graphs.append(try field.bytes())
      default: continue
      }
    }
    for (index, graph) in graphs.enumerated() {
      let part = graphs.count == 1 ? name : "\(name).\(index)"
      try walk(graph: graph, prefix: "\(path)/\(part)/", depth: depth + 1)
    }
  }

  private mutating func add(
    _ tensor: ONNXTensor, named name: String, prefix: String
  ) throws(SmithError) {
    guard tensors.count + sparse.count < ONNXLimits.tensors else {
      throw SmithError(
        .limit, "more than \(ONNXLimits.tensors) tensors", at: Place(offset: tensor.position))
    }
    guard !name.isEmpty else {
      throw SmithError(.malformed, "a tensor without a name", at: Place(offset: tensor.position))
    }
    var tensor = tensor
    tensor.name = prefix + name
    guard tensor.name.utf8.count <= ONNXLimits.nameBytes else {
      throw SmithError(
        .limit, "a name of \(tensor.name.utf8.count) bytes", at: Place(offset: tensor.position))
    }
    if !prefix.isEmpty { nested += 1 }
    tensors.append(tensor)
  }

  /// SparseTensorProto: `1 values`, `2 indices`, `3 dims`. Its name is that of its values.
  private mutating func add(sparse message: FileCursor, prefix: String) throws(SmithError) {
    var reader = ProtobufFileReader(message)
    while let field = try reader.next() {
      guard field.number == 1 else { continue }
      let values = try ONNXTensor(try field.bytes())
      try add(values, named: values.name, prefix: prefix)
      if let last = tensors.popLast() { sparse.append(last) }
    }
  }

  /// StringStringEntryProto.
  private mutating func addMetadata(_ message: FileCursor) throws(SmithError) {
    metadataBytes += message.remaining
    guard metadataBytes <= ONNXLimits.metadataBytes else {
      throw SmithError(
        .limit, "more than \(ONNXLimits.metadataBytes) bytes of metadata",
        at: Place(offset: message.position))
    }
    var reader = ProtobufReader(try message.loaded(atMost: ONNXLimits.metadataBytes))
    var (key, value) = ("", "")
    while let field = try reader.next() {
      guard field.number == 1 || field.number == 2 else { continue }
      var bytes = try field.bytes()
      let text = try bytes.utf8(bytes.remaining)
      if field.number == 1 { key = text } else { value = text }
    }
    guard metadata.updateValue(value, forKey: key) == nil else {
      throw SmithError(
        .mismatch, "the metadata key stands twice", at: Place(offset: message.position, item: key))
    }
  }
}

/// The names of a graph's nodes as parts of a path: a node's own where it has one that no node before it had, else its type, with its
/// number.
private struct NodeNames {
  let prefix: String
  private var count = 0
  private var seen: Set<String> = []

  init(prefix: String) { self.prefix = prefix }

  mutating func next(_ name: String, type: String) -> String {
    defer { count += 1 }
    if !name.isEmpty, seen.insert(name).inserted { return prefix + name }
    return "\(prefix)\(name.isEmpty ? type : name)#\(count)"
  }
}
