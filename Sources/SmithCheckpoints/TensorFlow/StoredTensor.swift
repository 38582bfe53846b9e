import SmithBytes
import SmithTensors

/// A tensor as users see it, and where its bytes are: in one place, or in the slices of a partitioned variable.
struct StoredTensor: Sendable {
  struct Piece: Sendable {
    var entry: BundleEntry
    /// Where its elements are in the tensor.
    var box: SliceBox
  }

  var info: TensorInfo
  var dtype: DType
  var pieces: [Piece]

  /// A tensor of one piece. `.mismatch` where the size is not that of type and shape.
  init(name: String, whole entry: BundleEntry) throws(SmithError) {
    try entry.checkSize()
    let box = SliceBox(start: entry.shape.map { _ in 0 }, shape: entry.shape)
    try self.init(name: name, entry, [Piece(entry: entry, box: box)])
  }

  /// A partitioned variable; `slices[i]` is the entry of `entry.slices[i]`. `.mismatch` where one has another type, shape or
  /// size than the variable lists, `.malformed` where they overlap, leave holes or reach outside.
  init(name: String, partitioned entry: BundleEntry, slices: [BundleEntry]) throws(SmithError) {
    var pieces: [Piece] = []
    for (slice, part) in zip(entry.slices, slices) {
      let box = try slice.box(in: entry.shape)
      guard part.type == entry.type, part.shape == box.shape, part.slices.isEmpty else {
        throw SmithError(
          .mismatch,
          "a slice is type \(part.type) \(part.shape), the variable lists type \(entry.type) \(box.shape)"
        )
      }
      try part.checkSize()
      pieces.append(Piece(entry: part, box: box))
    }
    try SliceBox.checkCover(of: entry.shape, by: pieces.map { $0.box })
    try self.init(name: name, entry, pieces)
  }

  private init(name: String, _ entry: BundleEntry, _ pieces: [Piece]) throws(SmithError) {
    self.pieces = pieces
    dtype = entry.dtype
    if dtype.bits > 0 {
      info = try TensorInfo(name: name, dtype: dtype, shape: entry.shape)
      return
    }
    // Text and what we cannot name count as the bytes they take in the file.
    var bytes = 0
    for piece in pieces { bytes = try bytes.adding(checked: piece.entry.size) }
    info = TensorInfo(
      name: name, encoding: .plain(dtype), shape: entry.shape, byteCount: bytes)
  }

  /// Where its first byte is: tensors are listed in this order.
  var first: (shard: Int, offset: Int) {
    pieces.map { ($0.entry.shard, $0.entry.offset) }.min { $0 < $1 } ?? (0, 0)
  }

  /// The bytes that big-endian files store reversed: an element, or half of a complex one.
  var swapWidth: Int {
    switch dtype {
    case .c64: 4
    case .c128: 8
    default: dtype.width
    }
  }
}
