import SmithBytes
import SmithTensors

/// A tensor as a pickle describes it: what its elements are and where in which bytes.
struct TorchTensor: Sendable {
  enum Content: Sendable {
    case storage(TorchStorage)
    /// A numpy array, whose bytes stand in the pickle itself.
    case inline([UInt8], isBigEndian: Bool)
  }

  var dtype: DType
  var layout: StridedLayout
  var content: Content
  /// How integer codes become numbers, for a quantized tensor.
  var quantizer: String?
}

extension Pickle {
  /// A call that makes a tensor, seen through parameters and subclasses: what it calls with what, and the node it is.
  struct TensorCall {
    var symbol: TorchSymbol
    var arguments: [PickleValue]
    var node: PickleNode
  }

  /// A parameter of a parameter of … is followed so far.
  private static let maxWrappers = 64

  func tensorCall(_ index: Int) -> TensorCall? {
    guard nodes[index].kind == .call else { return nil }
    var node = nodes[index]
    var callee = meaning(node.callee)
    var arguments = tuple(node.arguments) ?? []
    for _ in 0..<Self.maxWrappers {
      switch callee {
      case .rebuildFromType:
        guard arguments.count >= 3, let inner = tuple(arguments[2]) else { return nil }
        callee = meaning(arguments[0])
        arguments = inner
      case .wrapper:
        guard let inner = self.node(arguments.first), inner.kind == .call else { return nil }
        node = inner
        callee = meaning(node.callee)
        arguments = tuple(node.arguments) ?? []
      case .tensor, .numpyScalar:
        return callee.map { TensorCall(symbol: $0, arguments: arguments, node: node) }
      case .numpyArray:
        // Without a state it is the empty array that numpy builds first.
        guard node.state != nil else { return nil }
        return TensorCall(symbol: .numpyArray, arguments: arguments, node: node)
      default: return nil
      }
    }
    return nil
  }

  /// The tensor a call would make. `.malformed` for arguments that are none, `.unsupported` for storages of unknown kinds.
  func tensor(_ call: TensorCall) throws(SmithError) -> TorchTensor {
    switch call.symbol {
    case .tensor(let form): return try storageTensor(form, call.arguments)
    case .numpyScalar: return try numpyScalar(call.arguments)
    default: return try numpyArray(call.node.state)
    }
  }

  private func storageTensor(
    _ form: TorchSymbol.TensorForm, _ arguments: [PickleValue]
  ) throws(SmithError) -> TorchTensor {
    guard arguments.count >= (form == .v3 ? 7 : form == .quantized ? 5 : 4) else {
      throw SmithError(.malformed, "a tensor of \(arguments.count) arguments")
    }
    let storage = try TorchStorage(arguments[0], in: self)
    guard let offset = arguments[1].integer else {
      throw SmithError(.malformed, "a tensor whose offset is no number")
    }
    let layout = try StridedLayout(
      offset: offset, shape: try sizes(arguments[2]), strides: try sizes(arguments[3]))
    var dtype = storage.dtype
    if form == .v3 {
      guard let type = symbol(arguments[6]).flatMap(TorchElement.dtype) else {
        throw SmithError(.unsupported, "a tensor of an unknown element type")
      }
      dtype = type
    }
    guard let dtype else {
      throw SmithError(.malformed, "a tensor over bytes that have no element type")
    }
    var tensor = TorchTensor(dtype: dtype, layout: layout, content: .storage(storage))
    if form == .quantized { tensor.quantizer = quantizer(arguments[4]) }
    if dtype != .opaque { try tensor.check(storage) }
    return tensor
  }

  /// A tuple of integers, or a `torch.Size` of one.
  private func sizes(_ value: PickleValue) throws(SmithError) -> [Int] {
    var value = value
    if let node = node(value), node.kind == .call,
      meaning(node.callee) == .sequence,
      let inner = tuple(node.arguments)?.first
    {
      value = inner
    }
    guard let items = tuple(value) else {
      throw SmithError(.malformed, "sizes or strides that are no tuple")
    }
    guard items.count <= StridedLayout.maxRank else {
      throw SmithError(.limit, "\(items.count) dimensions")
    }
    var sizes: [Int] = []
    for item in items {
      guard let size = item.integer else {
        throw SmithError(.malformed, "a size or stride that is no 64-bit integer")
      }
      sizes.append(size)
    }
    return sizes
  }

  /// `(scheme, scale, zero point)`, or `(scheme, scales, zero points, axis)` with tensors.
  private func quantizer(_ value: PickleValue) -> String {
    let parts = tuple(value) ?? []
    let scheme = symbol(parts.first)?.name ?? "an unknown scheme"
    if parts.count == 3, case .real(let scale) = parts[1], let zero = parts[2].integer {
      return "\(scheme), scale \(scale), zero point \(zero)"
    }
    if parts.count == 4, let axis = parts[3].integer { return "\(scheme) along axis \(axis)" }
    return scheme
  }

  /// The scales and zero points of a tensor quantized by channel, as values of the pickle.
  func quantizerTensors(_ call: TensorCall) -> [(name: String, value: PickleValue)] {
    guard call.symbol == .tensor(.quantized), call.arguments.count >= 5,
      let parts = tuple(call.arguments[4]), parts.count == 4
    else { return [] }
    return [("scales", parts[1]), ("zero_points", parts[2])]
  }
}

extension TorchTensor {
  /// Every element lies in the storage.
  fileprivate func check(_ storage: TorchStorage) throws(SmithError) {
    let end = try layout.end().multiplied(checked: dtype.width)
    let room = try storage.visibleBytes().count
    guard end <= room else {
      throw SmithError(
        .malformed, "it needs \(end) bytes of storage \(storage.key), which has \(room)")
    }
  }
}
