import SmithBytes
import SmithTensors

/// A storage as a persistent id names it: `('storage', type, key, location, count)`, in the legacy stream with view metadata.
struct TorchStorage: Hashable, Sendable {
  var key: String
  /// Nil for bytes without a type.
  var dtype: DType?
  /// Elements; bytes where there is no type.
  var count: Int
  /// The part of it that is meant where it is a view: in elements, from where and how many.
  var window: Range<Int>?

  /// Bytes of one of `count`; 0 for types we cannot read.
  var width: Int { dtype?.width ?? 1 }

  /// `.limit` where they leave 64 bits.
  func byteCount() throws(SmithError) -> Int { try count.multiplied(checked: width) }

  /// The bytes of it that tensors may use, as a range of the whole.
  func visibleBytes() throws(SmithError) -> Range<Int> {
    let all = try byteCount()
    guard let window else { return 0..<all }
    return (window.lowerBound * width)..<(window.upperBound * width)
  }

  /// `.malformed` for an id that is none of a storage.
  init(_ value: PickleValue, in pickle: Pickle) throws(SmithError) {
    guard let node = pickle.node(value), node.kind == .persistent,
      let id = pickle.tuple(node.arguments), id.count == 5 || id.count == 6,
      id[0].text == "storage", let type = pickle.symbol(id[1]), let count = id[4].integer
    else { throw SmithError(.malformed, "a tensor over what is no storage") }
    guard TorchElement.isStorageType(type) else {
      throw SmithError(.unsupported, "a storage of the type \(type.text)")
    }
    switch id[2] {
    case .text(let text): key = text
    case .integer(let number): key = String(number)
    default: throw SmithError(.malformed, "a storage whose key is no text")
    }
    guard count >= 0 else { throw SmithError(.malformed, "a storage of \(count) elements") }
    dtype = TorchElement.storages[type.name]
    self.count = count
    if id.count == 6 { window = try Self.window(id[5], in: pickle, count: count) }
    _ = try byteCount()
  }

  /// View metadata: `(key, offset, count)` or None.
  private static func window(
    _ value: PickleValue, in pickle: Pickle, count: Int
  ) throws(SmithError) -> Range<Int>? {
    if case .none = value { return nil }
    guard let view = pickle.tuple(value), view.count == 3, let offset = view[1].integer,
      let size = view[2].integer, offset >= 0, size >= 0, size <= count, offset <= count - size
    else { throw SmithError(.malformed, "a view beyond its storage") }
    return offset..<(offset + size)
  }
}

/// Where a storage's bytes are.
enum StorageBytes: Sendable {
  case member(ZipMember)
  case file(InputFile, Range<Int>)
  case memory([UInt8])

  var count: Int {
    switch self {
    case .member(let member): member.entry.size
    case .file(_, let range): range.count
    case .memory(let bytes): bytes.count
    }
  }

  /// What they take on disk, which bounds what they may become.
  var storedCount: Int {
    if case .member(let member) = self { member.entry.compressedSize } else { count }
  }

  /// Where they begin in their file, for the order of reading.
  var start: Int {
    switch self {
    case .member(let member): member.data.lowerBound
    case .file(_, let range): range.lowerBound
    case .memory: 0
    }
  }

  /// The caller has checked that the range lies inside.
  func read(at offset: Int, into span: inout MutableRawSpan) throws(SmithError) {
    switch self {
    case .member(let member): try member.read(at: offset, into: &span)
    case .file(let file, let range): try file.read(at: range.lowerBound + offset, into: &span)
    case .memory(let bytes): span.copy(bytes, offset..<(offset + span.byteCount), to: 0)
    }
  }
}
