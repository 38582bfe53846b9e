import SmithBytes
import SmithTensors

extension NPZSource.Array {
  /// Reads the header; `.mismatch` where shape and type do not take the bytes that follow it.
  init(named name: String, _ content: NPZSource.Content) throws(SmithError) {
    guard name.utf8.count <= 4096 else {
      throw SmithError(.limit, "a name of \(name.utf8.count) bytes")
    }
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
  ///
  /// A read of the whole checks the CRC-32 that the archive has.
  func read(at offset: Int, into span: inout MutableRawSpan) throws(SmithError) {
    guard case .numbers(_, let swapWidth, _) = header.element else { return }
    let (head, tail) = (offset % swapWidth, (offset + span.byteCount) % swapWidth)
    if head == 0, tail == 0 {
      try readStored(at: offset, into: &span)
      span.reverse(each: swapWidth)
    } else {
      // Whole elements around what is asked for.
      let start = offset - head
      let end = offset + span.byteCount + (tail == 0 ? 0 : swapWidth - tail)
      let bytes = try [UInt8](count: end - start) { piece throws(SmithError) in
        try readStored(at: start, into: &piece)
        piece.reverse(each: swapWidth)
      }
      for index in 0..<span.byteCount {
        span.storeBytes(of: bytes[head + index], toByteOffset: index, as: UInt8.self)
      }
    }
    if span.byteCount == info.byteCount { try content.verifyChecksum() }
  }

  private func readStored(at offset: Int, into span: inout MutableRawSpan) throws(SmithError) {
    guard header.isFortran, info.shape.count > 1, let width = info.encoding.dtype?.width else {
      return try content.read(at: header.dataStart + offset, into: &span)
    }
    try FortranOrder(shape: info.shape, width: width).read(at: offset, into: &span) {
      start, piece throws(SmithError) in
      try content.read(at: header.dataStart + start, into: &piece)
    }
  }
}

extension NPZSource.Content {
  var count: Int {
    switch self {
    case .file(let file): file.count
    case .member(let member): member.entry.size
    }
  }

  func read(at offset: Int, into span: inout MutableRawSpan) throws(SmithError) {
    switch self {
    case .file(let file): try file.read(at: offset, into: &span)
    case .member(let member): try member.read(at: offset, into: &span)
    }
  }

  func bytes(_ range: Range<Int>) throws(SmithError) -> [UInt8] {
    try [UInt8](count: range.count) { span throws(SmithError) in
      try read(at: range.lowerBound, into: &span)
    }
  }

  func verifyChecksum() throws(SmithError) {
    if case .member(let member) = self { try member.verifyChecksum() }
  }
}

extension MutableRawSpan {
  /// Turns the bytes of every element around; the span holds whole elements.
  fileprivate mutating func reverse(each width: Int) {
    guard width > 1 else { return }
    withUnsafeMutableBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: width) {
        bytes[start..<(start + width)].reverse()
      }
    }
  }
}
