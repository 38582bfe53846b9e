import SmithBytes
import SmithTensors

/// `TensorProto` as it stands in the file: its fields, the values not read.
struct ONNXTensor {
  var name = ""
  var shape: [Int] = []
  var type: Int32 = 0
  /// `raw_data`.
  var raw: Range<Int>?
  /// Typed fields by number.
  var runs: [Int: WireRuns] = [:]
  var text: (count: Int, bytes: Int) = (0, 0)
  var isExternal = false
  var external = ONNXExternalData()
  /// Where it stands in the file.
  var position: Int

  /// Reads the fields. `.unsupported` for a tensor in segments; `.limit` and `.malformed` for shapes and names beyond reason.
  init(_ message: FileCursor) throws(SmithError) {
    position = message.position
    do throws(SmithError) { try parse(message) } catch {
      throw error.at(offset: position, item: name.isEmpty ? nil : name)
    }
  }

  private mutating func parse(_ message: FileCursor) throws(SmithError) {
    var reader = ProtobufFileReader(message)
    while let field = try reader.next() {
      switch field.number {
      case 1: try dimensions(field)
      case 2: type = try field.int32()
      case 3:
        throw SmithError(
          .unsupported, "a tensor in segments", at: Place(offset: field.position))
      case 6:
        let count = try field.bytes().remaining
        text = (text.count + 1, text.bytes + count)
      case 8: name = try Self.text(field)
      case 9: raw = try field.bytes().range
      case 13: try external.add(try field.bytes())
      case 14: isExternal = try field.unsigned() == 1
      default:
        guard let kind = ONNXType.Field(rawValue: field.number) else { continue }
        try runs[field.number, default: WireRuns(kind.form)].add(field, end: reader.position)
      }
    }
  }

  /// int64, one a field or packed.
  private mutating func dimensions(_ field: ProtobufFileField) throws(SmithError) {
    if case .bytes(let packed) = field.value {
      var packed = packed
      while !packed.isAtEnd { try append(dimension: Int64(bitPattern: try packed.varint()), field) }
    } else {
      try append(dimension: try field.int64(), field)
    }
  }

  private mutating func append(
    dimension: Int64, _ field: ProtobufFileField
  ) throws(SmithError) {
    let place = Place(offset: field.position)
    guard dimension >= 0 else {
      throw SmithError(.malformed, "a dimension of \(dimension)", at: place)
    }
    guard shape.count < ONNXLimits.rank else {
      throw SmithError(.limit, "more than \(ONNXLimits.rank) dimensions", at: place)
    }
    shape.append(Int(dimension))
  }

  static func text(_ field: ProtobufFileField) throws(SmithError) -> String {
    var bytes = try field.bytes().loaded(atMost: ONNXLimits.nameBytes)
    return try bytes.utf8(bytes.remaining)
  }
}

/// `external_data`: where a tensor's bytes are, as text.
struct ONNXExternalData: Hashable, Sendable {
  var location: String?
  var offset = 0
  /// Nil where the file does not say.
  var length: Int?

  /// Adds a key and its value. `.malformed` for a number that is none; a SHA-1 checksum and unknown keys are passed over.
  mutating func add(_ message: FileCursor) throws(SmithError) {
    let position = message.position
    var reader = ProtobufFileReader(message)
    var (key, value) = ("", "")
    while let field = try reader.next() {
      if field.number == 1 { key = try ONNXTensor.text(field) }
      if field.number == 2 { value = try ONNXTensor.text(field) }
    }
    do throws(SmithError) {
      switch key {
      case "location": location = value
      case "offset": offset = try Self.number(value, key)
      case "length": length = try Self.number(value, key)
      default: break
      }
    } catch { throw error.at(offset: position) }
  }

  /// Digits only: no sign, no space, no other script.
  private static func number(_ text: String, _ key: String) throws(SmithError) -> Int {
    guard !text.isEmpty, text.utf8.count <= 19,
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = Int(text)
    else { throw SmithError(.malformed, "an external \(key) of \"\(text)\"") }
    return number
  }
}
