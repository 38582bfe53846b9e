import SmithBytes
import SmithTensors

/// The pickle that `torch.save({name: tensor, …})` writes for contiguous tensors with a storage each, byte for byte: protocol 2, with
/// CPython's memo and batches. Storage keys are "0", "1", … in the order of the tensors.
struct StateDictPickle {
  /// As many items as CPython's pickler writes between MARK and SETITEMS.
  private static let batch = 1000

  var bytes: [UInt8] = []
  var memo: [Memoized: Int] = [:]
  var memoCount = 0

  /// What the pickler finds again: one object in Python, however often it is named.
  enum Memoized: Hashable {
    case global(String)
    /// A constant of torch's code.
    case text(String)
  }

  /// `.unsupported` for an element type that torch does not have.
  init(_ tensors: [TensorInfo], in envelope: WriterOptions.Envelope? = nil) throws(SmithError) {
    write(.proto)
    bytes.append(2)
    if let envelope {
      try write(envelope, around: tensors)
    } else {
      try dictionary(tensors)
    }
    write(.stop)
  }

  mutating func dictionary(_ tensors: [TensorInfo]) throws(SmithError) {
    write(.emptyDict)
    memoize()
    try items(tensors)
  }

  private mutating func items(_ tensors: [TensorInfo]) throws(SmithError) {
    guard tensors.count != 1 else {
      try item(tensors[0], key: 0)
      return write(.setItem)
    }
    if tensors.isEmpty { return }
    // CPython ends only with a batch that is not full, if need be an empty one.
    var next = 0
    var count = Self.batch
    while count == Self.batch {
      write(.mark)
      count = min(Self.batch, tensors.count - next)
      for index in next..<(next + count) { try item(tensors[index], key: index) }
      next += count
      write(.setItems)
    }
  }

  private mutating func item(_ tensor: TensorInfo, key: Int) throws(SmithError) {
    guard let type = tensor.encoding.dtype?.torch else {
      throw SmithError(
        .unsupported, "torch has no type \(tensor.encoding.name)", at: Place(item: tensor.name))
    }
    write(text: tensor.name, isShared: false)
    write(global: "torch._utils", type.isTyped ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3")
    write(.mark)
    persistentID(type, key: key, count: type.isTyped ? tensor.elementCount : tensor.byteCount)
    write(integer: 0)
    write(tuple: tensor.shape)
    write(tuple: StridedLayout(shape: tensor.shape).strides)
    write(.newFalse)
    write(global: "collections", "OrderedDict")
    write(.emptyTuple)
    write(.reduce)
    memoize()
    if !type.isTyped { write(global: "torch", type.name) }
    write(.tuple)
    memoize()
    write(.reduce)
    memoize()
  }

  private mutating func persistentID(_ type: TorchType, key: Int, count: Int) {
    write(.mark)
    write(text: "storage", isShared: true)
    if type.isTyped {
      write(global: "torch", type.name)
    } else {
      write(global: "torch.storage", TorchElement.untyped)
    }
    write(text: String(key), isShared: false)
    write(text: "cpu", isShared: true)
    write(integer: count)
    write(.tuple)
    memoize()
    write(.binPersID)
  }
}
