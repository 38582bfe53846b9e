import SmithBytes
import SmithTensors

/// Where the numbers of a tensor are, and how they become its bytes.
struct ONNXValues: Sendable {
  enum Storage: Sendable {
    /// As they are in memory, from `offset` of a file on.
    case plain(file: Int, offset: Int)
    case numbers(WireNumbers)
    /// Listed only.
    case unread
  }

  var info: TensorInfo
  var storage: Storage
  /// Bits of an element where several share a byte of `storage`, lowest bits first, and each is a byte of the tensor; else nil.
  var packedBits: Int?
  var isExternal = false

  /// The values of a tensor: external, raw, or in the field of its type. `.mismatch` where they are not as many as the shape says,
  /// `.malformed` where they stand there twice.
  init(_ tensor: ONNXTensor, _ files: inout ONNXDataFiles) throws(SmithError) {
    let elements = try tensor.shape.elementCount()
    guard tensor.type > 0 else { throw SmithError(.malformed, "element type \(tensor.type)") }
    let type = ONNXType.all[tensor.type]
    guard let type, type.dtype != .string,
      elements.multipliedReportingOverflow(by: type.bits)
        .partialValue % 8 == 0 || type.isUnpacked
    else {
      // Text, types of the future, and small floats that end within a byte.
      self = try Self.unread(tensor, type?.dtype == .string ? .string : .opaque, elements)
      return
    }
    info = try TensorInfo(name: tensor.name, dtype: type.dtype, shape: tensor.shape)
    packedBits = type.isUnpacked ? type.bits : nil
    let bytes = try elements.multiplied(checked: type.bits).adding(checked: 7) / 8
    let runs = tensor.runs.values.filter { !$0.isEmpty }
    let inline = (tensor.raw?.isEmpty == false ? 1 : 0) + runs.count
    guard inline + (tensor.isExternal ? 1 : 0) <= 1 else {
      throw SmithError(.malformed, "its values stand twice")
    }
    if tensor.isExternal {
      isExternal = true
      storage = try Self.external(tensor.external, bytes, &files)
    } else if let raw = tensor.raw, runs.isEmpty {
      guard raw.count == bytes else { throw Self.mismatch(raw.count, bytes, info) }
      storage = .plain(file: 0, offset: raw.lowerBound)
    } else {
      storage = try Self.typed(tensor, type, bytes, files.files[0])
    }
  }

  private static func typed(
    _ tensor: ONNXTensor, _ type: ONNXType, _ bytes: Int, _ file: InputFile
  ) throws(SmithError) -> Storage {
    guard let field = type.field else {
      throw SmithError(.unsupported, "\(type.dtype.rawValue) without raw data")
    }
    if tensor.runs.contains(where: { $0.key != field.rawValue && !$0.value.isEmpty }) {
      throw SmithError(.malformed, "its values stand in another type's field")
    }
    let runs = tensor.runs[field.rawValue] ?? WireRuns(field.form)
    let number = type.number
    let numbers = try WireNumbers(file, runs, count: bytes / number.width, type: number)
    // Fixed-width numbers that follow each other are the bytes themselves.
    return runs.plain.map { .plain(file: 0, offset: $0.lowerBound) } ?? .numbers(numbers)
  }

  private static func external(
    _ data: ONNXExternalData, _ bytes: Int, _ files: inout ONNXDataFiles
  ) throws(SmithError) -> Storage {
    let number = try files.number(of: data.location)
    let file = files.files[number]
    if let length = data.length, length != bytes {
      throw SmithError(.mismatch, "\(length) bytes of external data, type and shape take \(bytes)")
    }
    guard bytes <= file.count, data.offset <= file.count - bytes else {
      throw SmithError(
        .truncated, "\(bytes) bytes wanted, the file has \(file.count)",
        at: Place(file: file.path, offset: data.offset))
    }
    return .plain(file: number, offset: data.offset)
  }

  private static func unread(
    _ tensor: ONNXTensor, _ dtype: DType, _ elements: Int
  ) throws(SmithError) -> ONNXValues {
    let bytes = dtype == .string ? tensor.text.bytes : tensor.raw?.count ?? 0
    if dtype == .string, tensor.text.count != elements {
      throw SmithError(.mismatch, "\(tensor.text.count) strings for the shape \(tensor.shape)")
    }
    let info = TensorInfo(
      name: tensor.name, encoding: .plain(dtype), shape: tensor.shape, byteCount: bytes)
    return ONNXValues(info: info)
  }

  /// A tensor that is listed only.
  init(info: TensorInfo) { (self.info, storage) = (info, .unread) }

  private static func mismatch(_ found: Int, _ wanted: Int, _ info: TensorInfo) -> SmithError {
    SmithError(
      .mismatch, "\(found) bytes of raw data, \(info.encoding.name) \(info.shape) takes \(wanted)")
  }

  /// Fills `span` with the bytes `range` of the tensor.
  func read(
    _ range: Range<Int>, of files: [InputFile], into span: inout MutableRawSpan
  ) throws(SmithError) {
    guard let bits = packedBits else { return try stored(range, of: files, into: &span) }
    let perByte = 8 / bits
    let packed = (range.lowerBound / perByte)..<((range.upperBound + perByte - 1) / perByte)
    for start in stride(from: packed.lowerBound, to: packed.upperBound, by: Self.batchBytes) {
      let batch = start..<min(packed.upperBound, start + Self.batchBytes)
      let bytes = try [UInt8](count: batch.count) { buffer throws(SmithError) in
        try stored(batch, of: files, into: &buffer)
      }
      let part = (batch.lowerBound * perByte..<batch.upperBound * perByte).clamped(to: range)
      let plain = part.map { unpacked(bytes[$0 / perByte - start], $0 % perByte, bits) }
      span.copy(plain, 0..<plain.count, to: part.lowerBound - range.lowerBound)
    }
  }

  private static let batchBytes = 64 << 10

  /// Element `index` of a byte, sign extended where its type has a sign.
  private func unpacked(_ byte: UInt8, _ index: Int, _ bits: Int) -> UInt8 {
    let low = byte >> UInt8(index * bits) & (1 << UInt8(bits) - 1)
    let isNegative = info.encoding.dtype == .i8 && low >> UInt8(bits - 1) == 1
    return isNegative ? low | 0xFF << UInt8(bits) : low
  }

  private func stored(
    _ range: Range<Int>, of files: [InputFile], into span: inout MutableRawSpan
  ) throws(SmithError) {
    switch storage {
    case .plain(let file, let offset):
      try files[file].read(at: offset + range.lowerBound, into: &span)
    case .numbers(let numbers): try numbers.read(range, into: &span)
    case .unread: throw SmithError(.unsupported, "holds no numbers to read")
    }
  }
}
