import SmithBytes
import SmithTensors

/// A Flax file as it grows: the bytes between tensors, and the place of every tensor.
struct FlaxBytes {
  private(set) var pieces: [OutputLayout.Piece] = []
  private(set) var placements: [Int: OutputLayout.Placement] = [:]
  /// What comes next and was not given a place yet.
  var head: [UInt8] = []
  private var offset = 0
  private let file: Int
  private let chunkBytes: Int

  init(file: Int, chunkBytes: Int) {
    self.file = file
    self.chunkBytes = chunkBytes
  }

  mutating func flush() {
    if head.isEmpty { return }
    pieces.append(.init(file: file, offset: offset, bytes: head))
    offset += head.count
    head = []
  }

  /// The array `tensors[index]`, in chunks where it is large.
  mutating func append(_ tensor: TensorInfo, _ index: Int) throws(SmithError) {
    guard let type = tensor.encoding.dtype, let name = type.flaxName else {
      throw SmithError(
        .unsupported, "msgpack cannot hold \(tensor.encoding.name)", at: Place(item: tensor.name))
    }
    guard tensor.byteCount > chunkBytes else {
      array(tensor.shape, name, tensor.byteCount)
      return try place(index, from: 0, tensor.byteCount)
    }
    head.append(messagePackMap: 3)
    head.append(messagePack: FlaxTree.chunkedKey)
    head.append(messagePack: true)
    head.append(messagePack: "shape")
    head.append(messagePackMap: tensor.shape.count)
    for (axis, size) in tensor.shape.enumerated() {
      head.append(messagePack: String(axis))
      head.append(messagePack: size)
    }
    head.append(messagePack: "chunks")
    let step = max(1, chunkBytes / type.width) * type.width
    head.append(messagePackMap: (tensor.byteCount - 1) / step + 1)
    for start in stride(from: 0, to: tensor.byteCount, by: step) {
      let count = min(step, tensor.byteCount - start)
      head.append(messagePack: String(start / step))
      array([count / type.width], name, count)
      try place(index, from: start, count)
    }
  }

  /// Everything of an array before its elements.
  private mutating func array(_ shape: [Int], _ type: String, _ count: Int) {
    var inner: [UInt8] = []
    inner.append(messagePackArray: 3)
    inner.append(messagePackArray: shape.count)
    for size in shape { inner.append(messagePack: size) }
    inner.append(messagePack: type)
    inner.append(messagePackBinary: count)
    head.append(messagePackExt: 1, count: inner.count + count)
    head += inner
  }

  private mutating func place(_ index: Int, from start: Int, _ count: Int) throws(SmithError) {
    flush()
    if start == 0 {
      placements[index] = .init(file: file, offset: offset)
    } else {
      placements[index]?.resume(from: start, at: offset)
    }
    offset = try offset.adding(checked: count)
  }
}
