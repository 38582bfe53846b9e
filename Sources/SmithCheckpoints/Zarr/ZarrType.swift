import SmithBytes
import SmithTensors

/// Element types and fill values of Zarr v2: numpy's names, and tensorstore's for the types that numpy lacks.
enum ZarrType {
  private static let numpy: [String: DType] = [
    "b1": .bool, "i1": .i8, "u1": .u8, "i2": .i16, "u2": .u16, "i4": .i32, "u4": .u32, "i8": .i64,
    "u8": .u64, "f2": .f16, "f4": .f32, "f8": .f64, "c8": .c64, "c16": .c128,
  ]
  /// Stored little endian.
  private static let tensorstore: [String: DType] = [
    "bfloat16": .bf16, "float8_e4m3fn": .f8e4m3, "float8_e4m3fnuz": .f8e4m3fnuz,
    "float8_e5m2": .f8e5m2, "float8_e5m2fnuz": .f8e5m2fnuz, "float8_e8m0fnu": .f8e8m0,
  ]

  /// `"<f4"`: byte order and type. Text is listed; dates, objects and records are opaque.
  static func parse(_ json: JSON?) throws(SmithError) -> (dtype: DType, isBigEndian: Bool) {
    if let list = json?.arrayValue, !list.isEmpty { return (.opaque, false) }
    guard let text = json?.stringValue, let order = text.first else {
      throw SmithError(.malformed, "no element type", at: Place(item: "dtype"))
    }
    if let type = tensorstore[text] { return (type, false) }
    let code = String(text.dropFirst())
    guard ["<", ">", "|", "="].contains(order), !code.isEmpty else {
      throw SmithError(.unsupported, "the element type \(text)", at: Place(item: "dtype"))
    }
    if let type = numpy[code] {
      // Only a type of one byte has no byte order.
      guard order == "<" || order == ">" || (order == "|" && type.width == 1) else {
        throw SmithError(
          .malformed, "\(text) does not say its byte order", at: Place(item: "dtype"))
      }
      return (type, order == ">" && type.width > 1)
    }
    switch code.first {
    case "S", "U": return (.string, false)
    case "O", "M", "m", "V": return (.opaque, false)
    default:
      throw SmithError(.unsupported, "the element type \(text)", at: Place(item: "dtype"))
    }
  }

  /// One element, little endian; nil for zeros. Null is zeros too, which tensorstore makes of it and does not store.
  static func fill(_ json: JSON?, _ dtype: DType) throws(SmithError) -> [UInt8]? {
    guard let json, !json.isNull, dtype.width > 0 else { return nil }
    let parts: [JSON]
    let type: DType
    switch dtype {
    case .c64, .c128:
      parts = json.arrayValue ?? [json, 0]
      type = dtype == .c64 ? .f32 : .f64
      guard parts.count == 2 else { throw malformed(json, dtype) }
    default: (parts, type) = ([json], dtype)
    }
    var bytes: [UInt8] = []
    for part in parts {
      guard let element = try element(part, type) else { throw malformed(json, dtype) }
      bytes += element
    }
    return bytes.allSatisfy { $0 == 0 } ? nil : bytes
  }

  private static func malformed(_ json: JSON, _ dtype: DType) -> SmithError {
    SmithError(
      .malformed, "\(json.serialized()) as \(dtype.rawValue)", at: Place(item: "fill_value"))
  }

  /// Nil for what the type cannot hold.
  private static func element(_ json: JSON, _ type: DType) throws(SmithError) -> [UInt8]? {
    switch type {
    case .bool: return (json.boolValue ?? json.intValue.map { $0 != 0 }).map { [$0 ? 1 : 0] }
    case .u8: return whole(json, UInt8.self)
    case .i8: return whole(json, Int8.self)
    case .u16: return whole(json, UInt16.self)
    case .i16: return whole(json, Int16.self)
    case .u32: return whole(json, UInt32.self)
    case .i32: return whole(json, Int32.self)
    case .u64: return whole(json, UInt64.self)
    case .i64: return whole(json, Int64.self)
    default: break
    }
    guard let number = number(json) else { return nil }
    var wide: [UInt8] = []
    wide.append(littleEndian: number.bitPattern)
    if type == .f64 { return wide }
    if type == .f32 || type == .f16 || type == .bf16 {
      return try [UInt8](count: type.width) { span throws(SmithError) in
        try ElementConversion.convert(wide.span.bytes, from: .f64, into: &span, to: type)
      }
    }
    guard number == 0 else {
      throw SmithError(
        .unsupported, "a fill value other than 0 of \(type.rawValue)",
        at: Place(item: "fill_value"))
    }
    return [UInt8](repeating: 0, count: type.width)
  }

  private static func number(_ json: JSON) -> Double? {
    switch json.stringValue {
    case "NaN": .nan
    case "Infinity": .infinity
    case "-Infinity": -.infinity
    default: json.doubleValue
    }
  }

  private static func whole<T: FixedWidthInteger>(_ json: JSON, _ type: T.Type) -> [UInt8]? {
    let value: T? =
      if case .number(let number) = json { T(exactly: number) } else {
        json.intValue.flatMap { T(exactly: $0) }
      }
    guard let value else { return nil }
    var bytes: [UInt8] = []
    bytes.append(littleEndian: value)
    return bytes
  }
}
