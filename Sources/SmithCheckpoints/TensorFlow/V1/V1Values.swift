import SmithBytes
import SmithTensors

/// The numbers of one slice of a V1 tensor: where they are in the file, and in which of TensorProto's fields.
enum V1Values: Sendable {
  /// As many bytes from there on as in memory, little endian.
  case plain(offset: Int)
  case numbers(WireNumbers)
  /// Text or what we cannot name: listed only, with the bytes it takes.
  case unread(offset: Int, count: Int)

  /// TensorProto's field for a type, and what its numbers are on the wire. The half of a complex number is a number.
  private static let fields: [DType: (field: Int, form: WireRuns.Form, number: DType)] = [
    .f32: (5, .fixed32, .f32), .f64: (6, .fixed64, .f64), .i32: (7, .varint, .i32),
    .i16: (7, .varint, .i16), .i8: (7, .varint, .i8), .u8: (7, .varint, .u8),
    .u16: (7, .varint, .u16), .c64: (9, .fixed32, .f32), .i64: (10, .varint, .i64),
    .bool: (11, .varint, .bool), .c128: (12, .fixed64, .f64), .f16: (13, .varint, .f16),
    .bf16: (13, .varint, .bf16), .u32: (16, .varint, .u32), .u64: (17, .varint, .u64),
  ]
  /// `tensor_content`: all values as they are in memory.
  private static let content = 4

  /// Finds the values of a slice of `elements` among the fields of its TensorProto. `.mismatch` where there are fewer or more
  /// than the elements, `.malformed` where they stand there in two ways.
  init(
    _ message: FileCursor, dtype: DType, elements: Int, in file: InputFile
  ) throws(SmithError) {
    guard let wanted = Self.fields[dtype] else {
      self = .unread(offset: message.position, count: message.remaining)
      return
    }
    var runs = WireRuns(wanted.form)
    var content: Range<Int>?
    var reader = ProtobufFileReader(message)
    while let field = try reader.next() {
      if field.number == wanted.field { try runs.add(field, end: reader.position) }
      if field.number == Self.content {
        let range = try field.bytes().range
        if !range.isEmpty { content = range }
      }
    }
    let place = Place(offset: message.position)
    if let content {
      guard runs.isEmpty else { throw SmithError(.malformed, "its values stand twice", at: place) }
      let bytes = try elements.multiplied(checked: dtype.width)
      guard content.count == bytes else {
        throw SmithError(
          .mismatch, "\(content.count) bytes of values for \(elements) of \(dtype.rawValue)",
          at: place)
      }
      self = .plain(offset: content.lowerBound)
      return
    }
    let count = try elements.multiplied(checked: dtype.width / wanted.number.width)
    do throws(SmithError) {
      let numbers = try WireNumbers(file, runs, count: count, type: wanted.number)
      self = runs.plain.map { .plain(offset: $0.lowerBound) } ?? .numbers(numbers)
    } catch { throw error.at(offset: message.position) }
  }

  /// Fills `span` with the bytes `range` of the slice's own.
  func read(
    _ range: Range<Int>, of file: InputFile, into span: inout MutableRawSpan
  ) throws(SmithError) {
    switch self {
    case .plain(let offset): try file.read(at: offset + range.lowerBound, into: &span)
    case .numbers(let numbers): try numbers.read(range, into: &span)
    case .unread: throw SmithError(.unsupported, "holds no numbers to read")
    }
  }
}
