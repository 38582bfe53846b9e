import SmithBytes
import SmithTensors

/// The arrays and numbers of one Flax file, or of the shards of an index.
struct FlaxSource: TensorSource {
  /// Where a tensor's bytes are.
  private enum Place: Sendable {
    case file(InputFile, [(start: Int, range: Range<Int>)])
    case memory([UInt8])
  }

  /// Of all text in the tree together.
  private static let maxTextBytes = 16 << 20

  let container = Flax.name
  private(set) var files: [String] = []
  /// The tree's text.
  private(set) var metadata: [String: String] = [:]
  private var textBytes = 0
  private var table = TensorTable()
  private var places: [Place] = []
  private var empty: [String] = []
  private var opaque: [String] = []
  private var slashed: [String] = []

  var tensors: [TensorInfo] { table.tensors }

  /// A single file, which may be one shard of several.
  init(file path: String) throws(SmithError) { try add(path) }

  /// Leaves of a tree that the caller has walked.
  init(_ file: InputFile, _ leaves: [FlaxLeaf]) throws(SmithError) {
    try add(leaves, of: file)
  }

  /// All shards of an index file: `.missing` for a shard or a tensor that is not there, `.mismatch` for a tensor in two shards.
  /// Tensors that the index does not list are kept.
  init(index path: String) throws(SmithError) {
    let index = try SafetensorsIndex(path)
    files = [path]
    for (name, tensors) in index.shards {
      let first = table.tensors.count
      do throws(SmithError) { try add(path.parentFolder.appending(path: name)) } catch {
        guard error.kind == .notFound else { throw error }
        throw SmithError(.missing, "the shard \(name) is not there", at: .init(file: path))
      }
      for tensor in tensors {
        guard let position = table.position(of: tensor), position >= first else {
          throw SmithError(
            .missing, "the index says that it is in \(name), which has no such tensor",
            at: .init(file: path, item: tensor))
        }
      }
    }
  }

  private mutating func add(_ path: String) throws(SmithError) {
    let file = try InputFile(path)
    if try file.bytes(0..<min(file.count, 23)) == Array("version https://git-lfs".utf8) {
      throw SmithError(
        .unsupported, "a Git LFS pointer, not the weights", at: .init(file: path),
        remedy: "git lfs pull")
    }
    let tree = try FlaxTree(file)
    slashed += tree.slashed
    try add(tree.leaves, of: file)
  }

  private mutating func add(_ leaves: [FlaxLeaf], of file: InputFile) throws(SmithError) {
    files.append(file.path)
    let reader = MessagePackReader(FileCursor(file))
    for leaf in leaves {
      do throws(SmithError) {
        try add(leaf, of: file, reader)
      } catch { throw error.at(file: file.path, offset: leaf.offset, item: leaf.name) }
    }
  }

  private mutating func add(
    _ leaf: FlaxLeaf, of file: InputFile, _ reader: MessagePackReader
  ) throws(SmithError) {
    switch leaf.value {
    case .array(let info, let pieces):
      if info.encoding.dtype == .opaque { opaque.append(info.name) }
      try add(info, .file(file, pieces))
    case .number(let type, let bytes):
      try add(try TensorInfo(name: leaf.name, dtype: type, shape: []), .memory(bytes))
    case .text(let range):
      let text = try reader.text(range, limit: Self.maxTextBytes - textBytes)
      textBytes += range.count
      metadata[leaf.name] = text
    case .nothing: empty.append(leaf.name)
    }
  }

  private mutating func add(_ tensor: TensorInfo, _ place: Place) throws(SmithError) {
    guard table.append(tensor) else {
      throw SmithError(.mismatch, "two tensors of this name, through a key with a slash or a shard")
    }
    places.append(place)
  }

  var notes: [String] {
    var notes: [String] = []
    if !empty.isEmpty { notes.append("nothing is stored under \(Self.some(empty))") }
    if !opaque.isEmpty { notes.append("of a type we do not read: \(Self.some(opaque))") }
    if !slashed.isEmpty {
      notes.append(
        "keys with a slash in them look like a path here and become one if written: "
          + Self.some(slashed))
    }
    return notes
  }

  private static func some(_ names: [String]) -> String {
    names.prefix(3).joined(separator: ", ")
      + (names.count > 3 ? " and \(names.count - 3) more" : "")
  }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    guard let position = table.position(of: tensor.name) else {
      throw SmithError(.missing, "no such tensor", at: .init(file: files.first, item: tensor.name))
    }
    let count = table.tensors[position].byteCount
    do throws(SmithError) {
      guard offset >= 0, span.byteCount <= count, offset <= count - span.byteCount else {
        throw SmithError(.usage, "\(span.byteCount) bytes at \(offset) of \(count)")
      }
      guard table.tensors[position].encoding.dtype != .opaque else {
        throw SmithError(.unsupported, "an array of a type we do not read")
      }
      switch places[position] {
      case .memory(let bytes): span.copy(bytes, offset..<(offset + span.byteCount), to: 0)
      case .file(let file, let pieces): try Self.read(file, pieces, at: offset, into: &span)
      }
    } catch { throw error.at(file: files.first, item: tensor.name) }
  }

  private static func read(
    _ file: InputFile, _ pieces: [(start: Int, range: Range<Int>)], at offset: Int,
    into span: inout MutableRawSpan
  ) throws(SmithError) {
    let wanted = offset..<(offset + span.byteCount)
    for piece in pieces {
      let part = wanted.clamped(to: piece.start..<(piece.start + piece.range.count))
      if part.isEmpty { continue }
      let start = piece.range.lowerBound + part.lowerBound - piece.start
      if part.count == span.byteCount { return try file.read(at: start, into: &span) }
      let bytes = try file.bytes(start..<(start + part.count))
      span.copy(bytes, bytes.indices, to: part.lowerBound - offset)
    }
  }
}
