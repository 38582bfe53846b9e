import SmithBytes
import SmithTensors
import Synchronization

/// The tensors of one torch file, or of the shards of an index.
struct PyTorchSource: TensorSource {
  let container = PyTorch.name
  private(set) var files: [String] = []
  private(set) var tensors: [TensorInfo] = []
  private(set) var typedMetadata = ContainerMetadata()
  private(set) var notes: [String] = []
  private var entries: [TorchEntry] = []
  private var positions: [String: Int] = [:]
  private var fileOf: [Int] = []
  private let checked = CheckedMembers()

  var metadata: [String: String] { typedMetadata.texts }

  /// A single file, which may be one shard of several.
  init(file path: String) throws(SmithError) {
    let file = try TorchFile(path)
    try add(file)
    notes = file.verdict.notes + file.notes
  }

  /// All shards of an index: `.missing` for a shard that is not there and for a tensor its shard lacks, `.mismatch` for a tensor in
  /// two shards. Tensors that the index does not list are kept.
  init(index path: String) throws(SmithError) {
    let index = try SafetensorsIndex(path)
    files = [path]
    var verdict = TorchVerdict()
    var shardNotes: [String] = []
    for (name, listed) in index.shards {
      let file: TorchFile
      do throws(SmithError) {
        file = try TorchFile(path.parentFolder.appending(path: name))
      } catch {
        guard error.kind == .notFound else { throw error }
        throw SmithError(.missing, "the shard \(name) is not there", at: Place(file: path))
      }
      try add(file)
      verdict.merge(file.verdict)
      shardNotes += file.notes
      for tensor in listed where positions[tensor].map({ fileOf[$0] }) != files.count - 1 {
        throw SmithError(
          .missing, "the index says that it is in \(name), which has no such tensor",
          at: Place(file: path, item: tensor))
      }
    }
    notes = verdict.notes + shardNotes
  }

  private mutating func add(_ file: TorchFile) throws(SmithError) {
    files.append(file.path)
    for entry in file.entries {
      if let other = positions.updateValue(entries.count, forKey: entry.info.name) {
        throw SmithError(
          .mismatch, "the tensor is in \(files[fileOf[other]].lastComponent) as well",
          at: Place(file: file.path, item: entry.info.name))
      }
      entries.append(entry)
      tensors.append(entry.info)
      fileOf.append(files.count - 1)
    }
    typedMetadata = ContainerMetadata(typedMetadata.entries + file.metadata.entries)
  }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    let (entry, file) = try find(tensor)
    do throws(SmithError) {
      guard entry.dtype.bits > 0 else {
        throw SmithError(.unsupported, "elements of a type that is not read")
      }
      guard offset >= 0, span.byteCount <= entry.info.byteCount,
        offset <= entry.info.byteCount - span.byteCount
      else {
        throw SmithError(.usage, "\(span.byteCount) bytes at \(offset) of \(entry.info.byteCount)")
      }
      try entry.read(offset..<(offset + span.byteCount), into: &span)
      guard span.byteCount == entry.info.byteCount, case .member(let member) = entry.bytes else {
        return
      }
      if entry.fillsMember, !entry.isBigEndian {
        var sum = CRC32()
        sum.update(span.bytes)
        try member.check(crc32: sum.value)
      } else {
        try checked.verify(member)
      }
    } catch { throw error.at(file: file, item: tensor.name) }
  }

  func runningChecksum(_ tensor: TensorInfo) throws(SmithError) -> RunningChecksum? {
    let (entry, file) = try find(tensor)
    guard case .member(let member) = entry.bytes, entry.fillsMember, !entry.isBigEndian else {
      return nil
    }
    return RunningChecksum(Checksum(.crc32)) { value throws(SmithError) in
      do throws(SmithError) { try member.check(crc32: value) } catch {
        throw error.at(file: file, item: tensor.name)
      }
    }
  }

  func verifyChecksum(_ tensor: TensorInfo) throws(SmithError) {
    let (entry, file) = try find(tensor)
    guard case .member(let member) = entry.bytes else { return }
    do throws(SmithError) { try checked.verify(member) } catch {
      throw error.at(file: file, item: tensor.name)
    }
  }

  private func find(_ tensor: TensorInfo) throws(SmithError) -> (TorchEntry, file: String) {
    guard let position = positions[tensor.name], entries[position].info == tensor else {
      throw SmithError(
        .missing, "no such tensor", at: Place(file: files.first, item: tensor.name))
    }
    return (entries[position], files[fileOf[position]])
  }
}

/// The members whose CRC-32 was checked: many tensors may share one.
private final class CheckedMembers: Sendable {
  private struct Key: Hashable {
    var file: String
    var start: Int
  }

  private let known = Mutex<Set<Key>>([])

  func verify(_ member: ZipMember) throws(SmithError) {
    let key = Key(file: member.file.path, start: member.data.lowerBound)
    if known.withLock({ $0.contains(key) }) { return }
    try member.verifyChecksum()
    known.withLock { _ = $0.insert(key) }
  }
}
