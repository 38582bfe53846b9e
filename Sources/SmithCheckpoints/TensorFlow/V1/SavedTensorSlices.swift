import SmithBytes
import SmithTensors

/// `SavedSliceMeta`: what a V1 file says of a tensor up front, and which slices of it there are (formats §2.7).
struct SavedSliceMeta: Sendable {
  var name: String
  var type: Int32
  var shape: [Int]
  var slices: [TensorSlice]

  /// `1 name`, `2 shape`, `3 type`, `4 slice`.
  init(_ message: ProtobufFileReader) throws(SmithError) {
    (name, type, shape, slices) = ("", 0, [], [])
    do throws(SmithError) {
      try parse(message)
    } catch { throw name.isEmpty ? error : error.at(item: name) }
  }

  private mutating func parse(_ message: ProtobufFileReader) throws(SmithError) {
    var message = message
    while let field = try message.next() {
      switch field.number {
      case 1: name = try SavedSlice.name(field)
      case 2: shape = try TensorShape.parse(try field.record())
      case 3: type = try field.int32()
      case 4:
        guard slices.count < BundleLimits.slices else {
          throw SmithError(
            .limit, "more than \(BundleLimits.slices) slices",
            at: Place(offset: field.position))
        }
        slices.append(try TensorSlice(try field.record()))
      default: continue
      }
    }
    guard type > 0 else { throw SmithError(.malformed, "element type \(type)") }
  }

  /// The meta record of a file, the value under its empty key: `1 meta { 1 tensor, 2 versions }`.
  static func all(in value: FileCursor) throws(SmithError) -> [SavedSliceMeta] {
    var metas: [SavedSliceMeta] = []
    var record = ProtobufFileReader(value)
    while let part = try record.next() {
      guard part.number == 1 else { continue }
      var message = try part.message()
      while let field = try message.next() {
        switch field.number {
        case 1:
          guard metas.count < BundleLimits.entries else {
            throw SmithError(
              .limit, "more than \(BundleLimits.entries) tensors",
              at: Place(offset: field.position))
          }
          metas.append(try SavedSliceMeta(try field.message()))
        case 2: try VersionDef.check(try field.record())
        default: continue
        }
      }
    }
    return metas
  }
}

/// `SavedSlice`: the numbers of one slice, `2 data { 1 name, 2 slice, 3 data }`. `3 data` is a TensorProto that has values only,
/// neither type nor shape.
struct SavedSlice {
  var name = ""
  var slice: TensorSlice?
  /// The fields of the TensorProto.
  var values: FileCursor?

  init(_ value: FileCursor) throws(SmithError) {
    var record = ProtobufFileReader(value)
    while let part = try record.next() {
      guard part.number == 2 else { continue }
      var message = try part.message()
      while let field = try message.next() {
        switch field.number {
        case 1: name = try Self.name(field)
        case 2: slice = try TensorSlice(try field.record())
        case 3: values = try field.bytes()
        default: continue
        }
      }
    }
  }

  fileprivate static func name(_ field: ProtobufFileField) throws(SmithError) -> String {
    var bytes = try field.bytes().loaded(atMost: BundleLimits.nameBytes)
    return try bytes.utf8(bytes.remaining)
  }
}

extension ProtobufFileField {
  /// The fields of a small message, loaded.
  fileprivate func record() throws(SmithError) -> ProtobufReader {
    ProtobufReader(try bytes().loaded(atMost: V1Limits.recordBytes))
  }
}
