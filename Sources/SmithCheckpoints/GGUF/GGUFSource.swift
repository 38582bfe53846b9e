import SmithBytes
import SmithTensors

/// The tensors of one GGUF file, or of all parts of a split one.
struct GGUFSource: TensorSource {
  private struct Part: Sendable {
    let file: InputFile
    let header: GGUFHeader
  }

  let container = GGUF.name
  private(set) var files: [String] = []
  private(set) var tensors: [TensorInfo] = []
  /// The first part's, without what it says of the split.
  private(set) var typedMetadata = ContainerMetadata()
  private(set) var notes: [String] = []
  private var parts: [Part] = []
  private var places: [String: (part: Int, entry: Int)] = [:]

  var metadata: [String: String] { typedMetadata.texts }

  /// Any file of a split model opens all of it: `.missing` for a part that is not there, `.mismatch` for parts that are not of one
  /// split, for a tensor in two of them and for a wrong count of tensors.
  init(_ path: String) throws(SmithError) {
    let file = try InputFile(path)
    let header = try GGUFHeader(file)
    guard let split = try GGUFSplit(header.metadata, path: path) else {
      try add(file, header)
      finish()
      return
    }
    for index in 0..<split.count {
      if index == split.index {
        try add(file, header)
      } else {
        try add(partAt: split.path(of: index), split, index: index)
      }
    }
    try split.check(tensors: tensors.count, path: path)
    finish()
  }

  private mutating func add(
    partAt path: String, _ split: GGUFSplit, index: Int
  ) throws(SmithError) {
    let file: InputFile
    do throws(SmithError) { file = try InputFile(path) } catch {
      guard error.kind == .notFound else { throw error }
      throw SmithError(
        .missing, "part \(index + 1) of \(split.count) is not there", at: Place(file: path))
    }
    let header = try GGUFHeader(file)
    guard let own = try GGUFSplit(header.metadata, path: path), own.count == split.count else {
      throw SmithError(.mismatch, "not a part of \(split.count)", at: Place(file: path))
    }
    try add(file, header)
  }

  private mutating func add(_ file: InputFile, _ header: GGUFHeader) throws(SmithError) {
    for (index, entry) in header.entries.enumerated() {
      if let other = places.updateValue((parts.count, index), forKey: entry.info.name) {
        throw SmithError(
          .mismatch, "the tensor is in \(parts[other.part].file.path.lastComponent) as well",
          at: Place(file: file.path, item: entry.info.name))
      }
      tensors.append(entry.info)
    }
    parts.append(Part(file: file, header: header))
    files.append(file.path)
  }

  private mutating func finish() {
    guard let first = parts.first else { return }
    typedMetadata = first.header.metadata
    typedMetadata.removeAll { GGUFSplit.keys.contains($0.key) }
    if first.header.isBigEndian { notes.append("a big-endian file") }
    for part in parts where part.header.trailingBytes > 0 {
      notes.append(
        "\(part.file.path.lastComponent): \(part.header.trailingBytes) bytes after the last tensor belong to none"
      )
    }
  }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    guard let place = places[tensor.name] else {
      throw SmithError(.missing, "no such tensor", at: Place(file: files.first, item: tensor.name))
    }
    let part = parts[place.part]
    let entry = part.header.entries[place.entry]
    guard offset >= 0, span.byteCount <= entry.info.byteCount,
      offset <= entry.info.byteCount - span.byteCount
    else {
      throw SmithError(
        .usage, "\(span.byteCount) bytes at \(offset) of \(entry.info.byteCount)",
        at: Place(file: part.file.path, item: tensor.name))
    }
    do throws(SmithError) {
      if part.header.isBigEndian {
        try GGUFByteOrder.read(part.file, entry, at: offset, into: &span)
      } else {
        try part.file.read(at: entry.offset + offset, into: &span)
      }
    } catch { throw error.at(file: part.file.path, item: tensor.name) }
  }
}
