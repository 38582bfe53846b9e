import SmithBytes
import SmithTensors

/// `BundleEntryProto`: one stored tensor or slice, or, with `slices`, a partitioned variable that has no bytes of its own (formats §2.3).
struct BundleEntry: Hashable, Sendable {
  /// TensorFlow's number; see `TensorType`.
  var type: Int32 = 0
  var shape: [Int] = []
  var shard = 0
  /// Where the bytes are in the data file of `shard`.
  var offset = 0
  var size = 0
  /// Masked CRC-32C of the bytes as they are in the file.
  var maskedCRC: UInt32 = 0
  var slices: [TensorSlice] = []

  var dtype: DType { TensorType.dtype(type) }

  init() {}

  /// `.malformed` for negative numbers, `.limit` for more than 16 dimensions or 4096 slices.
  init(_ value: ByteCursor) throws(SmithError) {
    let place = Place(offset: value.position)
    var message = ProtobufReader(value)
    while let field = try message.next() {
      switch field.number {
      case 1: type = try field.int32()
      case 2: shape = try TensorShape.parse(try field.message())
      case 3: shard = try Self.natural(Int64(try field.int32()), "shard", field)
      case 4: offset = try Self.natural(try field.int64(), "offset", field)
      case 5: size = try Self.natural(try field.int64(), "size", field)
      case 6: maskedCRC = try field.fixed32()
      case 7:
        guard slices.count < BundleLimits.slices else {
          throw SmithError(.limit, "more than \(BundleLimits.slices) slices", at: place)
        }
        slices.append(try TensorSlice(try field.message()))
      default: continue
      }
    }
    guard type > 0 else { throw SmithError(.malformed, "element type \(type)", at: place) }
  }

  private static func natural(
    _ value: Int64, _ what: String, _ field: ProtobufField
  ) throws(SmithError) -> Int {
    guard value >= 0 else {
      throw SmithError(.malformed, "\(what) \(value)", at: Place(offset: field.position))
    }
    return Int(value)
  }

  /// Demands that `size` is what type and shape say. Text has at least a length per element and a checksum; what we cannot
  /// name has any size. `.mismatch` otherwise.
  func checkSize() throws(SmithError) {
    let elements = try shape.elementCount()
    switch dtype {
    case .opaque: return
    case .string:
      guard size >= StringTensor.checksumBytes, size - StringTensor.checksumBytes >= elements
      else { throw SmithError(.mismatch, "\(size) bytes for \(elements) strings") }
    default:
      let wanted = try elements.multiplied(checked: dtype.width)
      guard size == wanted else {
        throw SmithError(
          .mismatch, "\(size) bytes stored, \(dtype.rawValue) \(shape) takes \(wanted)")
      }
    }
  }

  var encoded: [UInt8] {
    var message = ProtobufWriter()
    message.varint(1, type)
    message.message(2) { TensorShape.write(shape, to: &$0) }
    message.varint(3, shard)
    message.varint(4, offset)
    message.varint(5, size)
    message.fixed32(6, maskedCRC)
    return message.bytes
  }
}
