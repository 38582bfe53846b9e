import SmithBytes
import SmithTensors

/// A leaf of the tree: the path to it, joined by `/`, and what stands there.
struct FlaxLeaf: Sendable {
  enum Value: Sendable {
    /// C order, little endian, in one piece or several: the file ranges, each with the byte of the tensor it begins at.
    case array(TensorInfo, pieces: [(start: Int, range: Range<Int>)])
    /// A number of MessagePack's own, little endian.
    case number(DType, [UInt8])
    case text(Range<Int>)
    /// nil, or a map without keys.
    case nothing
  }

  private(set) var name: String
  private(set) var value: Value
  /// The file offset of its value.
  let offset: Int

  mutating func rename(_ name: String) {
    self.name = name
    guard case .array(var info, let pieces) = value else { return }
    info.name = name
    value = .array(info, pieces: pieces)
  }
}

extension FlaxLeaf {
  private enum Ext {
    static let array: Int8 = 1
    static let complex: Int8 = 2
    static let scalar: Int8 = 3
  }

  static let maxRank = 32
  private static let maxTypeBytes = 64

  /// What `value`, no map and no array, says; `.unsupported` for an extension type that is not Flax's.
  init(
    _ name: String, _ value: MessagePackValue, at offset: Int, _ reader: MessagePackReader
  ) throws(SmithError) {
    self.name = name
    self.offset = offset
    switch value {
    case .null, .array, .map: self.value = .nothing
    case .bool(let value): self.value = .number(.bool, [value ? 1 : 0])
    case .unsigned(let value):
      self.value = .number(value >> 63 == 0 ? .i64 : .u64, Self.bytes(value))
    case .negative(let value): self.value = .number(.i64, Self.bytes(value))
    case .float32(let value): self.value = .number(.f32, Self.bytes(value.bitPattern))
    case .float64(let value): self.value = .number(.f64, Self.bytes(value.bitPattern))
    case .string(let range), .binary(let range): self.value = .text(range)
    case .ext(Ext.array, let range), .ext(Ext.scalar, let range):
      self.value = try Self.array(name, reader.inside(range))
    case .ext(Ext.complex, let range):
      self.value = .number(.c128, try Self.complex(reader.inside(range)))
    case .ext(let code, _):
      throw SmithError(.unsupported, "the MessagePack extension type \(code), which is not Flax's")
    }
  }

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: value)
    return bytes
  }

  /// Shape, type name and elements.
  private static func array(
    _ name: String, _ payload: MessagePackReader
  ) throws(SmithError) -> Value {
    var reader = payload
    guard case .array(3) = try reader.next(), case .array(let rank) = try reader.next() else {
      throw SmithError(.malformed, "an array that is not shape, type and data")
    }
    guard rank <= maxRank else { throw SmithError(.limit, "\(rank) dimensions") }
    var shape: [Int] = []
    for _ in 0..<rank {
      guard case .unsigned(let size) = try reader.next() else {
        throw SmithError(.malformed, "a dimension that is no number")
      }
      shape.append(try Int(checked: size))
    }
    guard let typeName = try reader.next().textRange, let data = try reader.next().textRange,
      reader.isAtEnd
    else { throw SmithError(.malformed, "an array that is not shape, type and data") }
    let type = DType(flax: try reader.text(typeName, limit: maxTypeBytes))
    let info = try TensorInfo(name: name, dtype: type, shape: shape)
    guard type == .opaque || info.byteCount == data.count else {
      throw SmithError(
        .mismatch,
        "shape \(shape) of \(type.rawValue) takes \(info.byteCount) bytes, \(data.count) are there")
    }
    return .array(info, pieces: [(0, data)])
  }

  private static func complex(_ payload: MessagePackReader) throws(SmithError) -> [UInt8] {
    var reader = payload
    guard case .array(2) = try reader.next(), case .float64(let real) = try reader.next(),
      case .float64(let imaginary) = try reader.next(), reader.isAtEnd
    else { throw SmithError(.malformed, "a complex number that is not two doubles") }
    return bytes(real.bitPattern) + bytes(imaginary.bitPattern)
  }
}

extension MessagePackValue {
  /// Text or bytes: files of old mix the two.
  var textRange: Range<Int>? {
    switch self {
    case .string(let range), .binary(let range): range
    default: nil
    }
  }
}
