import SmithBytes
import SmithTensors

/// A tensor bound to its bytes.
struct TorchEntry: Sendable {
  var info: TensorInfo
  var dtype: DType
  var layout: StridedLayout
  var bytes: StorageBytes
  var isBigEndian: Bool
  var quantizer: String?

  /// `storage` finds the bytes of a storage of the pickle.
  init(
    name: String, _ tensor: TorchTensor, isBigEndian: Bool,
    storage: (TorchStorage) throws(SmithError) -> StorageBytes
  ) throws(SmithError) {
    info = try TensorInfo(name: name, dtype: tensor.dtype, shape: tensor.layout.shape)
    dtype = tensor.dtype
    layout = tensor.layout
    quantizer = tensor.quantizer
    switch tensor.content {
    case .inline(let bytes, let isBigEndian):
      self.bytes = .memory(bytes)
      self.isBigEndian = isBigEndian
    case .storage(let found):
      do throws(SmithError) { bytes = try storage(found) } catch { throw error.at(item: name) }
      self.isBigEndian = isBigEndian
    }
  }

  /// Where its first element is in the file.
  var start: Int { bytes.start &+ layout.offset &* dtype.width }

  /// Bytes that change places in a file of the other order: a complex number is two.
  private var swapWidth: Int {
    guard isBigEndian else { return 1 }
    switch dtype {
    case .c64, .c128: return dtype.width / 2
    default: return dtype.width
    }
  }

  /// Bytes of the tensor in row-major order, little endian. The range lies inside it.
  func read(_ range: Range<Int>, into span: inout MutableRawSpan) throws(SmithError) {
    if range.isEmpty { return }
    let isContiguous = layout.isContiguous
    if isContiguous, swapWidth == 1 {
      return try bytes.read(at: layout.offset * dtype.width + range.lowerBound, into: &span)
    }
    // Whole elements: those that the range touches.
    let width = dtype.width
    let low = range.lowerBound / width
    let high = (range.upperBound + width - 1) / width
    if low * width == range.lowerBound, high * width == range.upperBound {
      return try readElements(from: low, isContiguous, into: &span)
    }
    let whole = try [UInt8](count: (high - low) * width) { raw throws(SmithError) in
      try readElements(from: low, isContiguous, into: &raw)
    }
    let first = range.lowerBound - low * width
    span.copy(whole, first..<(first + range.count), to: 0)
  }

  private func readElements(
    from first: Int, _ isContiguous: Bool, into span: inout MutableRawSpan
  ) throws(SmithError) {
    if isContiguous {
      try bytes.read(at: (layout.offset + first) * dtype.width, into: &span)
    } else {
      try StridedReader(bytes: bytes, layout: layout, width: dtype.width)
        .read(from: first, into: &span)
    }
    if swapWidth > 1 { span.swapBytes(ofWidth: swapWidth) }
  }

  /// Whether it is its member, no byte more or less, in order.
  var fillsMember: Bool {
    layout.isContiguous && layout.offset == 0 && info.byteCount == bytes.count
  }
}
