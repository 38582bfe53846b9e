import SmithBytes
import SmithTensors

/// The bytes of a GGUF v3 header, little endian.
struct GGUFEncoder {
  private(set) var bytes: [UInt8] = []

  init(tensors: Int, entries: Int) {
    bytes = GGUF.magic
    append(UInt32(3))
    append(UInt64(tensors))
    append(UInt64(entries))
  }

  mutating func append(_ entry: ContainerMetadata.Entry) {
    append(entry.key)
    append(entry.value.kind.ggufNumber)
    switch entry.value {
    case .u8(let value): append(value)
    case .i8(let value): append(UInt8(bitPattern: value))
    case .u16(let value): append(value)
    case .i16(let value): append(UInt16(bitPattern: value))
    case .u32(let value): append(value)
    case .i32(let value): append(UInt32(bitPattern: value))
    case .u64(let value): append(value)
    case .i64(let value): append(UInt64(bitPattern: value))
    case .f32(let value): append(value.bitPattern)
    case .f64(let value): append(value.bitPattern)
    case .bool(let value): append(UInt8(value ? 1 : 0))
    case .string(let value): append(value)
    case .array(let value):
      append(value.kind.ggufNumber)
      append(UInt64(value.count))
      bytes += value.bytes
    }
  }

  /// A tensor whose data begins `offset` bytes into the data section.
  mutating func append(_ tensor: TensorInfo, type: GGMLType, offset: Int) {
    append(tensor.name)
    append(UInt32(tensor.shape.count))
    for dimension in tensor.shape.reversed() { append(UInt64(dimension)) }
    append(type.id)
    append(UInt64(offset))
  }

  /// Zeros up to the next multiple of the alignment.
  mutating func pad(to alignment: Int) throws(SmithError) {
    let end = try bytes.count.padded(to: alignment)
    bytes += [UInt8](repeating: 0, count: end - bytes.count)
  }

  private mutating func append(_ text: String) {
    append(UInt64(text.utf8.count))
    bytes += Array(text.utf8)
  }

  private mutating func append<T: FixedWidthInteger>(_ value: T) {
    for shift in 0..<(T.bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> T(8 * shift)))
    }
  }
}
