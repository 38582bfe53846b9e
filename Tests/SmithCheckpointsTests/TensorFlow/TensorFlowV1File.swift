import SmithBytes
import SmithTensors
import TestSupport

@testable import SmithCheckpoints

/// A V1 checkpoint that a test builds record by record, so that every number in it can be wrong while all checksums are right.
struct V1File {
  /// `SavedSliceMeta` messages.
  var metas: [[UInt8]] = []
  var minConsumer: Int32 = 0
  var records: [(key: [UInt8], value: [UInt8])] = []
  /// The value under the empty key, where a test writes it itself.
  var meta: [UInt8]?

  /// One f32 vector `w` of four numbers, whole.
  static var simple: V1File {
    var file = V1File()
    file.add("w", shape: [4]) { $0.bytes(5, floats(0..<4)) }
    return file
  }

  /// The bytes of f32 numbers.
  static func floats(_ values: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    for value in values { bytes.append(littleEndian: Float(value).bitPattern) }
    return bytes
  }

  static func varints(_ values: [UInt64]) -> [UInt8] {
    var bytes: [UInt8] = []
    for value in values { bytes.append(varint: value) }
    return bytes
  }

  /// A tensor of one slice.
  mutating func add(
    _ name: String, _ type: Int32 = 1, shape: [Int], _ values: (inout ProtobufWriter) -> Void
  ) {
    let whole = TensorSlice(extents: shape.map { _ in .whole })
    addMeta(name, type, shape: shape, slices: [whole])
    addRecord(name, whole, values)
  }

  mutating func addMeta(_ name: String, _ type: Int32 = 1, shape: [Int], slices: [TensorSlice]) {
    var message = ProtobufWriter()
    message.bytes(1, Array(name.utf8))
    message.message(2) { TensorShape.write(shape, to: &$0) }
    message.varint(3, type)
    for slice in slices { message.message(4) { Self.write(slice, to: &$0) } }
    metas.append(message.bytes)
  }

  mutating func addRecord(
    _ name: String, _ slice: TensorSlice, key: [UInt8]? = nil,
    _ values: (inout ProtobufWriter) -> Void
  ) {
    var message = ProtobufWriter()
    message.message(2) { saved in
      saved.bytes(1, Array(name.utf8))
      saved.message(2) { Self.write(slice, to: &$0) }
      saved.message(3, values)
    }
    records.append((key ?? slice.key(of: Array(name.utf8)), message.bytes))
  }

  private static func write(_ slice: TensorSlice, to message: inout ProtobufWriter) {
    for extent in slice.extents {
      message.message(1) { part in
        if case .part(let start, let length) = extent {
          part.varint(1, start)
          part.varint(2, length)
        }
      }
    }
  }

  var bytes: [UInt8] {
    var table = TableBuilder()
    table.add([], meta ?? encodedMeta)
    for record in records.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      table.add(record.key, record.value)
    }
    return table.finish()
  }

  private var encodedMeta: [UInt8] {
    var message = ProtobufWriter()
    message.message(1) { meta in
      for tensor in metas { meta.bytes(1, tensor) }
      let version = minConsumer
      meta.message(2) { $0.varint(2, version) }
    }
    return message.bytes
  }
}
