import SmithBytes
import SmithTensors

extension GGUFHeader {
  /// The key-value entries, in order: keys unique and not empty.
  static func metadata(
    _ cursor: inout GGUFCursor, count: Int
  ) throws(SmithError) -> ContainerMetadata {
    var entries: [ContainerMetadata.Entry] = []
    var keys: Set<String> = []
    for _ in 0..<count {
      let start = cursor.position
      let key = try cursor.string()
      guard !key.isEmpty else {
        throw SmithError(.malformed, "an empty metadata key", at: Place(offset: start))
      }
      guard key.utf8.count <= maxKeyBytes else {
        throw SmithError(
          .limit, "a metadata key of \(key.utf8.count) bytes, at most \(maxKeyBytes) are read",
          at: Place(offset: start))
      }
      guard keys.insert(key).inserted else {
        throw SmithError(
          .mismatch, "the metadata key stands twice", at: Place(offset: start, item: key))
      }
      do throws(SmithError) {
        entries.append(.init(key, try value(&cursor)))
      } catch { throw error.at(offset: start, item: key) }
    }
    return ContainerMetadata(entries)
  }

  private static func value(_ cursor: inout GGUFCursor) throws(SmithError) -> MetadataValue {
    let start = cursor.position
    let number = try cursor.integer(UInt32.self)
    guard let kind = MetadataValue.Kind(gguf: number) else {
      throw SmithError(
        .unsupported, "the value type \(number) is unknown", at: Place(offset: start))
    }
    switch kind {
    case .u8: return .u8(try cursor.integer(UInt8.self))
    case .i8: return .i8(Int8(bitPattern: try cursor.integer(UInt8.self)))
    case .u16: return .u16(try cursor.integer(UInt16.self))
    case .i16: return .i16(Int16(bitPattern: try cursor.integer(UInt16.self)))
    case .u32: return .u32(try cursor.integer(UInt32.self))
    case .i32: return .i32(Int32(bitPattern: try cursor.integer(UInt32.self)))
    case .u64: return .u64(try cursor.integer(UInt64.self))
    case .i64: return .i64(Int64(bitPattern: try cursor.integer(UInt64.self)))
    case .f32: return .f32(Float(bitPattern: try cursor.integer(UInt32.self)))
    case .f64: return .f64(Double(bitPattern: try cursor.integer(UInt64.self)))
    case .bool: return .bool(try cursor.integer(UInt8.self) != 0)
    case .string: return .string(try cursor.string())
    case .array: return .array(try cursor.array())
    }
  }
}
