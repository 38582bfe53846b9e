import SmithBytes

/// Which part of a partitioned variable a slice holds: `TensorSliceProto`, one extent per dimension (formats §2.3, §2.4).
struct TensorSlice: Hashable, Sendable {
  enum Extent: Hashable, Sendable {
    /// The whole dimension, however long.
    case whole
    case part(start: Int, length: Int)
  }

  var extents: [Extent]

  init(extents: [Extent]) { self.extents = extents }

  init(_ message: ProtobufReader) throws(SmithError) {
    var message = message
    extents = []
    while let field = try message.next() {
      guard field.number == 1 else { continue }
      guard extents.count < BundleLimits.rank else {
        throw SmithError(
          .limit, "a slice of more than \(BundleLimits.rank) dimensions",
          at: Place(offset: field.position))
      }
      extents.append(try Extent(field))
    }
  }

  /// The key under which the slice of the variable `name` is stored. The two spellings of a whole dimension (−1, or its
  /// length) give two keys: what the `slices` entry says is encoded as it is.
  func key(of name: [UInt8]) -> [UInt8] {
    var key: [UInt8] = []
    OrderedCode.appendNumber(0, to: &key)
    OrderedCode.appendString(name, to: &key)
    OrderedCode.appendNumber(UInt64(extents.count), to: &key)
    for extent in extents {
      switch extent {
      case .whole:
        OrderedCode.appendSigned(0, to: &key)
        OrderedCode.appendSigned(-1, to: &key)
      case .part(let start, let length):
        OrderedCode.appendSigned(Int64(start), to: &key)
        OrderedCode.appendSigned(Int64(length), to: &key)
      }
    }
    return key
  }

  /// Start and length in each dimension of `shape`; `.mismatch` for another rank, `.malformed` outside the shape.
  func box(in shape: [Int]) throws(SmithError) -> SliceBox {
    guard extents.count == shape.count else {
      throw SmithError(.mismatch, "a slice of rank \(extents.count) of shape \(shape)")
    }
    var box = SliceBox(start: [], shape: [])
    for (extent, dimension) in zip(extents, shape) {
      switch extent {
      case .whole:
        box.start.append(0)
        box.shape.append(dimension)
      case .part(let start, let length):
        guard start <= dimension, length <= dimension - start else {
          throw SmithError(
            .malformed, "a slice of \(length) from \(start) in a dimension of \(dimension)")
        }
        box.start.append(start)
        box.shape.append(length)
      }
    }
    return box
  }
}

extension TensorSlice.Extent {
  /// `1 start`, `2 length`; no length, or −1, is the whole dimension. `.malformed` for other negative numbers.
  fileprivate init(_ field: ProtobufField) throws(SmithError) {
    var message = try field.message()
    var start: Int64 = 0
    var length: Int64 = -1
    while let part = try message.next() {
      switch part.number {
      case 1: start = try part.int64()
      case 2: length = try part.int64()
      default: continue
      }
    }
    guard start >= 0, length >= -1, length >= 0 || start == 0 else {
      throw SmithError(
        .malformed, "a slice of \(length) from \(start)", at: Place(offset: field.position))
    }
    self = length < 0 ? .whole : .part(start: Int(start), length: Int(length))
  }
}
