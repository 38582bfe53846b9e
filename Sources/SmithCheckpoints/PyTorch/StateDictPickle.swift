import SmithBytes
import SmithTensors

/// The pickle that `torch.save({name: tensor, …})` writes for contiguous tensors with a storage each, byte for byte: protocol 2, with
/// CPython's memo and batches. Storage keys are "0", "1", … in the order of the tensors.
struct StateDictPickle {
  /// As many items as CPython's pickler writes between MARK and SETITEMS.
  private static let batch = 1000

  private(set) var bytes: [UInt8] = []
  private var memo: [Memoized: Int] = [:]
  private var memoCount = 0

  /// What the pickler finds again: one object in Python, however often it is named.
  private enum Memoized: Hashable {
    case global(String)
    /// A constant of torch's code.
    case text(String)
  }

  /// `.unsupported` for an element type that torch does not have.
  init(_ tensors: [TensorInfo]) throws(SmithError) {
    write(.proto)
    bytes.append(2)
    write(.emptyDict)
    memoize()
    try items(tensors)
    write(.stop)
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

extension StateDictPickle {
  private mutating func write(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

  /// Remembers the value just written under the next index, and the index for `value`.
  private mutating func memoize(_ value: Memoized? = nil) {
    if let value { memo[value] = memoCount }
    if memoCount < 256 {
      write(.binPut)
      bytes.append(UInt8(memoCount))
    } else {
      write(.longBinPut)
      bytes.append(littleEndian: UInt32(truncatingIfNeeded: memoCount))
    }
    memoCount += 1
  }

  /// Whether the value was written before; then a reference to it is.
  private mutating func recall(_ value: Memoized) -> Bool {
    guard let index = memo[value] else { return false }
    if index < 256 {
      write(.binGet)
      bytes.append(UInt8(index))
    } else {
      write(.longBinGet)
      bytes.append(littleEndian: UInt32(truncatingIfNeeded: index))
    }
    return true
  }

  private mutating func write(global module: String, _ name: String) {
    let line = "\(module)\n\(name)\n"
    if recall(.global(line)) { return }
    write(.global)
    bytes += Array(line.utf8)
    memoize(.global(line))
  }

  private mutating func write(text: String, isShared: Bool) {
    if isShared, recall(.text(text)) { return }
    write(.binUnicode)
    let content = Array(text.utf8)
    bytes.append(littleEndian: UInt32(truncatingIfNeeded: content.count))
    bytes += content
    memoize(isShared ? .text(text) : nil)
  }

  /// In the shortest form.
  private mutating func write(integer: Int) {
    switch integer {
    case 0...0xFF:
      write(.binInt1)
      bytes.append(UInt8(integer))
    case 0...0xFFFF:
      write(.binInt2)
      bytes.append(littleEndian: UInt16(integer))
    case 0...Int(Int32.max):
      write(.binInt)
      bytes.append(littleEndian: UInt32(integer))
    default:
      // Two's complement with room for the sign.
      let count = (Int.bitWidth - integer.leadingZeroBitCount) / 8 + 1
      write(.long1)
      bytes.append(UInt8(count))
      for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: integer >> (8 * index))) }
    }
  }

  private mutating func write(tuple: [Int]) {
    guard !tuple.isEmpty else { return write(.emptyTuple) }
    let short: [PickleOpcode] = [.tuple1, .tuple2, .tuple3]
    if tuple.count > short.count { write(.mark) }
    for number in tuple { write(integer: number) }
    write(tuple.count > short.count ? .tuple : short[tuple.count - 1])
    memoize()
  }
}
