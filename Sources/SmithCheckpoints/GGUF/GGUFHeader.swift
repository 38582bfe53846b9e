import SmithBytes
import SmithTensors

/// The header of one GGUF file, checked as strictly as ggml's C reader does (formats §7.2): keys and names unique, tensors in the order
/// of their bytes without gaps, everything inside the file.
struct GGUFHeader: Sendable {
  /// A tensor, its type, and where its bytes begin in the file.
  struct Entry: Sendable {
    let info: TensorInfo
    let type: GGMLType
    let offset: Int
  }

  static let maxTensors = 1_000_000
  static let maxKeys = 65_536
  static let maxKeyBytes = 65_535
  static let alignmentKey = "general.alignment"
  static let defaultAlignment = 32

  let version: UInt32
  let isBigEndian: Bool
  private(set) var metadata = ContainerMetadata()
  private(set) var alignment = defaultAlignment
  private(set) var entries: [Entry] = []
  /// Bytes behind the last tensor's padding, which no tensor owns.
  private(set) var trailingBytes = 0

  init(_ file: InputFile) throws(SmithError) {
    do throws(SmithError) {
      var cursor = GGUFCursor(file)
      (version, isBigEndian) = try Self.signature(&cursor)
      let tensors = try Self.count(&cursor, "tensors", most: Self.maxTensors, bytesEach: 24)
      let keys = try Self.count(&cursor, "metadata entries", most: Self.maxKeys, bytesEach: 13)
      metadata = try Self.metadata(&cursor, count: keys)
      alignment = try Self.alignment(metadata)
      var declared: [Declaration] = []
      var names: Set<String> = []
      for _ in 0..<tensors {
        let tensor = try Declaration(&cursor)
        guard names.insert(tensor.name).inserted else {
          throw SmithError(
            .mismatch, "the tensor stands twice",
            at: Place(offset: tensor.headerOffset, item: tensor.name))
        }
        declared.append(tensor)
      }
      try place(declared, from: cursor.position, fileSize: file.count)
    } catch { throw error.at(file: file.path) }
  }

  /// "GGUF" and the version, which also tells the byte order: a small number read from the wrong end has zeros in its low half.
  private static func signature(
    _ cursor: inout GGUFCursor
  ) throws(SmithError) -> (version: UInt32, isBigEndian: Bool) {
    let head = try cursor.file.bytes(0..<min(cursor.file.count, 64))
    if head.starts(with: Array("version https://git-lfs".utf8)) {
      throw SmithError(.unsupported, "a Git LFS pointer, not the weights", remedy: "git lfs pull")
    }
    guard try cursor.bytes(4) == GGUF.magic else {
      throw SmithError(
        .unsupported, "no GGUF file: it does not begin with GGUF", at: Place(offset: 0))
    }
    var version = try cursor.integer(UInt32.self)
    if version & 0xFFFF == 0 {
      cursor.isBigEndian = true
      version = version.byteSwapped
    }
    guard version == 2 || version == 3 else {
      throw SmithError(
        .unsupported, "GGUF version \(version); 2 and 3 are read", at: Place(offset: 4),
        remedy: version == 1 ? "make the file anew with a current llama.cpp" : nil)
    }
    return (version, cursor.isBigEndian)
  }

  /// A count that the rest of the file can bear out.
  private static func count(
    _ cursor: inout GGUFCursor, _ what: String, most: Int, bytesEach: Int
  ) throws(SmithError) -> Int {
    let start = Place(offset: cursor.position)
    let count = try cursor.integer(UInt64.self)
    guard count <= UInt64(most) else {
      throw SmithError(.limit, "\(count) \(what), at most \(most) are read", at: start)
    }
    guard Int(count) <= cursor.remaining / bytesEach else {
      throw SmithError(
        .truncated, "\(count) \(what) do not fit into the \(cursor.remaining) bytes left",
        at: start)
    }
    return Int(count)
  }

  /// A power of two, stored as u32: ggml itself stops the process at another type.
  private static func alignment(_ metadata: ContainerMetadata) throws(SmithError) -> Int {
    guard let value = metadata.value(alignmentKey) else { return defaultAlignment }
    guard case .u32(let alignment) = value, alignment.nonzeroBitCount == 1 else {
      throw SmithError(
        .malformed, "\(value.text) as \(value.kind.rawValue); it must be a power of two as u32",
        at: Place(item: alignmentKey))
    }
    return Int(alignment)
  }

  /// Gives each tensor its place in the file: they must follow each other in the order listed, each padded to the alignment.
  private mutating func place(
    _ declared: [Declaration], from end: Int, fileSize: Int
  ) throws(SmithError) {
    let dataStart = try end.padded(to: alignment)
    var next = 0
    for tensor in declared {
      let place = Place(offset: tensor.headerOffset, item: tensor.name)
      guard tensor.offset == UInt64(next) else {
        throw SmithError(
          .malformed,
          "its data begins at \(tensor.offset), the data before it ends at \(next)", at: place)
      }
      do throws(SmithError) {
        let bytes = try tensor.type.byteCount(shape: tensor.shape)
        let offset = try dataStart.adding(checked: next)
        let last = try offset.adding(checked: bytes)
        next = try next.adding(checked: try bytes.padded(to: alignment))
        guard last <= fileSize else {
          throw SmithError(.truncated, "it ends at byte \(last), the file at \(fileSize)")
        }
        let paddedEnd = try dataStart.adding(checked: next)
        guard bytes == 0 || paddedEnd <= fileSize else {
          throw SmithError(.truncated, "the padding after it, up to byte \(paddedEnd), is missing")
        }
        entries.append(
          Entry(
            info: TensorInfo(
              name: tensor.name, encoding: tensor.type.encoding, shape: tensor.shape,
              byteCount: bytes), type: tensor.type, offset: offset))
      } catch { throw error.at(offset: tensor.headerOffset, item: tensor.name) }
    }
    trailingBytes = max(0, fileSize - dataStart - next)
  }
}

extension Int {
  /// The next multiple of a power of two.
  func padded(to alignment: Int) throws(SmithError) -> Int {
    try adding(checked: alignment - 1) & ~(alignment - 1)
  }
}
