import SmithBytes
import SmithTensors

/// Where the numbers of one slice are in the file, and in which of TensorProto's fields.
struct V1Values: Sendable {
  enum Coding: Hashable, Sendable {
    /// As many bytes as in memory, little endian.
    case raw
    /// A varint per element; negative ones as their 64-bit two's complement.
    case varints
    /// Text or what we cannot name: listed only.
    case unread
  }

  var range: Range<Int>
  var coding: Coding
  var elements: Int
  var dtype: DType

  /// TensorProto's packed field for a type, and whether its packed form is the bytes themselves.
  private static let fields: [DType: (number: Int, coding: Coding)] = [
    .f32: (5, .raw), .f64: (6, .raw), .i32: (7, .varints), .i16: (7, .varints),
    .i8: (7, .varints), .u8: (7, .varints), .u16: (7, .varints), .string: (8, .unread),
    .c64: (9, .raw), .i64: (10, .varints), .bool: (11, .varints), .c128: (12, .raw),
    .f16: (13, .varints), .bf16: (13, .varints), .u32: (16, .varints), .u64: (17, .varints),
  ]
  /// `tensor_content`: all values as they are in memory.
  private static let content = 4

  /// Finds the values of a slice of `elements` numbers among the fields of its TensorProto. `.mismatch` where there are fewer
  /// or more bytes than the elements can take, `.unsupported` where they stand in several runs.
  init(_ message: FileCursor?, dtype: DType, elements: Int) throws(SmithError) {
    self.dtype = dtype
    self.elements = elements
    let place = message?.position ?? 0
    range = place..<place
    let wanted = Self.fields[dtype]
    coding = wanted?.coding ?? .unread
    guard let message else {
      guard elements == 0 else { throw SmithError(.missing, "a slice without values") }
      return
    }
    if coding == .unread {
      range = message.range
      return
    }
    var reader = ProtobufFileReader(message)
    var isFound = false
    while let field = try reader.next() {
      guard field.number == wanted?.number || field.number == Self.content else { continue }
      let bytes = try field.bytes()
      if bytes.isAtEnd { continue }
      guard !isFound else {
        throw SmithError(
          .unsupported, "values in several runs", at: Place(offset: field.position))
      }
      isFound = true
      range = bytes.range
      if field.number == Self.content { coding = .raw }
    }
    try checkSize(place)
  }

  private func checkSize(_ place: Int) throws(SmithError) {
    let most: Int
    switch coding {
    case .raw:
      most = try elements.multiplied(checked: dtype.width)
      guard range.count == most else { throw mismatch(place) }
    case .varints:
      most = try elements.multiplied(checked: 10)
      guard range.count >= elements, range.count <= most else { throw mismatch(place) }
    case .unread: return
    }
  }

  private func mismatch(_ place: Int) -> SmithError {
    SmithError(
      .mismatch, "\(range.count) bytes of values for \(elements) of \(dtype.rawValue)",
      at: Place(offset: place))
  }

  /// The slice's bytes as they count for `TensorInfo`.
  var byteCount: Int { coding == .unread ? range.count : elements &* dtype.width }
}
