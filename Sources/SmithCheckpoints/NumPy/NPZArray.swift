import SmithBytes
import SmithTensors

extension NPZSource.Array {
  /// Reads the header; `.mismatch` where shape and type do not take the bytes that follow it.
  init(named name: String, _ content: NPZSource.Content) throws(SmithError) {
    let count = content.count
    let header = try NPYHeader(count: count) { range throws(SmithError) in
      try content.bytes(range)
    }
    if case .member(let member) = content { member.letGo() }
    self.content = content
    self.header = header
    info = try Self.info(name, header)
    guard let wanted = try Self.byteCount(header) else { return }
    guard wanted == count - header.dataStart else {
      throw SmithError(
        .mismatch,
        "shape \(header.shape) takes \(wanted) bytes, \(count - header.dataStart) follow the header",
        at: Place(item: name))
    }
  }

  private static func info(_ name: String, _ header: NPYHeader) throws(SmithError) -> TensorInfo {
    switch header.element {
    case .numbers(let type, _, _):
      return try TensorInfo(name: name, dtype: type, shape: header.shape)
    case .text: return try TensorInfo(name: name, dtype: .string, shape: header.shape)
    case .unreadable: return try TensorInfo(name: name, dtype: .opaque, shape: header.shape)
    }
  }

  /// What the elements take, nil where their width is not known.
  private static func byteCount(_ header: NPYHeader) throws(SmithError) -> Int? {
    let width: Int
    switch header.element {
    case .numbers(let type, _, _): width = type.width
    case .text(let bytes): width = bytes
    case .unreadable: return nil
    }
    return try header.shape.elementCount().multiplied(checked: width)
  }

  /// Bytes of the array as it is lent: little endian, last dimension fastest. Checked against its size by the caller.
  func read(at offset: Int, into span: inout MutableRawSpan) throws(SmithError) {
    guard case .numbers(let type, let swapWidth, _) = header.element else { return }
    let isTransposed = header.isFortran && info.shape.count > 1
    let unit = isTransposed ? type.width : swapWidth
    let end = offset + span.byteCount
    guard offset % unit == 0, end % unit == 0 else {
      // A range that cuts elements: whole ones are read and cut.
      let start = offset / unit * unit
      let bytes = try [UInt8](count: (end + unit - 1) / unit * unit - start) {
        whole throws(SmithError) in
        try read(at: start, into: &whole)
      }
      span.copy(bytes, (offset - start)..<(end - start), to: 0)
      return
    }
    let isWhole = span.byteCount == info.byteCount
    if isTransposed {
      try transposed(at: offset, width: type.width, into: &span)
      if isWhole, case .member(let member) = content { try member.verifyChecksum() }
    } else {
      try content.read(at: header.dataStart + offset, into: &span)
      if isWhole { try check(span.bytes) }
    }
    span.swapBytes(ofWidth: swapWidth)
  }

  /// Of the content, read from front to back as it stands there.
  var runningChecksum: RunningChecksum? {
    guard case .member(let member) = content, case .numbers(_, 1, _) = header.element,
      !header.isFortran
    else { return nil }
    var sum = Checksum(.crc32)
    sum.update(header.bytes)
    return RunningChecksum(sum) { value throws(SmithError) in try member.check(crc32: value) }
  }

  /// The CRC-32 of the whole content, whose elements the caller has.
  private func check(_ data: RawSpan) throws(SmithError) {
    guard case .member(let member) = content else { return }
    var sum = CRC32()
    sum.update(header.bytes)
    sum.update(data)
    try member.check(crc32: sum.value)
  }

  private func transposed(
    at offset: Int, width: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    let order = FortranOrder(shape: info.shape, width: width)
    try order.read(at: offset, into: &span) { start, piece throws(SmithError) in
      try content.read(at: header.dataStart + start, into: &piece)
    }
  }
}

extension NPZSource.Content {
  /// Header and elements, bytes.
  var count: Int {
    switch self {
    case .file(let file): file.count
    case .member(let member): member.entry.size
    }
  }

  func bytes(_ range: Range<Int>) throws(SmithError) -> [UInt8] {
    switch self {
    case .file(let file): try file.bytes(range)
    case .member(let member): try member.bytes(range)
    }
  }

  func read(at offset: Int, into span: inout MutableRawSpan) throws(SmithError) {
    switch self {
    case .file(let file): try file.read(at: offset, into: &span)
    case .member(let member): try member.read(at: offset, into: &span)
    }
  }
}
