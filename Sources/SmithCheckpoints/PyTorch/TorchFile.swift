import SmithBytes
import SmithTensors

/// One file of torch.save, opened: its tensors and what else a user should know. No weight is read.
struct TorchFile: Sendable {
  /// What tensors may take together for each stored byte, and beyond that: expanded ones repeat bytes.
  private static let maxExpansion = 64
  private static let freeBytes = 64 << 20

  let path: String
  private(set) var entries: [TorchEntry] = []
  private(set) var metadata = ContainerMetadata()
  private(set) var verdict = TorchVerdict()
  private(set) var notes: [String] = []

  init(_ path: String) throws(SmithError) {
    self.path = path
    do throws(SmithError) {
      let file = try InputFile(path)
      let head = try file.bytes(0..<min(file.count, PyTorch.headBytes))
      switch PyTorch.kind(of: head) {
      case .zip: try read(TorchArchive(file))
      case .legacy: try read(LegacyStream(file))
      case .tar:
        throw SmithError(
          .unsupported, "a tar archive of PyTorch 0.1",
          remedy: "load it with torch.load of a 1.x release and save it again")
      case .pickle: try Self.refusePickle(file)
      case nil: throw Self.noTorchFile(head, file)
      }
    } catch { throw error.at(file: path) }
  }

  private mutating func read(_ archive: TorchArchive) throws(SmithError) {
    for part in archive.parts {
      try read(
        part.pickle, prefix: part.prefix, isScript: archive.isScript,
        isBigEndian: archive.isBigEndian
      ) { storage throws(SmithError) in try part.storages.bytes(storage) }
    }
    try finish()
  }

  private mutating func read(_ stream: LegacyStream) throws(SmithError) {
    // The legacy stream is little endian on every machine.
    try read(stream.pickle, prefix: [], isScript: false, isBigEndian: false) {
      storage throws(SmithError) in try stream.bytes(storage)
    }
    if stream.trailingBytes > 0 {
      notes.append("\(stream.trailingBytes) bytes after the last storage are not PyTorch's")
    }
    try finish()
  }

  private mutating func read(
    _ pickle: Pickle, prefix: [String], isScript: Bool, isBigEndian: Bool,
    _ storage: (TorchStorage) throws(SmithError) -> StorageBytes
  ) throws(SmithError) {
    verdict.add(pickle, isScript: isScript)
    let tree = try TorchTree(pickle, prefix: prefix)
    let (tensors, note) = TorchWrapper.strip(tree.tensors, of: pickle)
    if let note { notes.append(note) }
    for (name, tensor) in tensors {
      entries.append(
        try TorchEntry(name: name, tensor, isBigEndian: isBigEndian, storage: storage))
    }
    metadata = ContainerMetadata(metadata.entries + TorchMetadata(pickle).entries)
  }

  private mutating func finish() throws(SmithError) {
    var names: Set<String> = []
    for entry in entries where !names.insert(entry.info.name).inserted {
      throw SmithError(
        .mismatch, "two tensors have this name", at: Place(item: entry.info.name))
    }
    try refuseAmplification()
    // Swift's sort is stable in practice, not by contract.
    let order = entries.indices.sorted {
      (entries[$0].start, $0) < (entries[$1].start, $1)
    }
    entries = order.map { entries[$0] }
    notes += TorchNotes(entries).notes
  }

  /// Many tensors may repeat few bytes; a file that means far more than it holds is not read.
  private func refuseAmplification() throws(SmithError) {
    var stored: [Int: Int] = [:]
    var inline = 0
    var total = 0
    for entry in entries {
      total = try total.adding(checked: entry.info.byteCount)
      if case .memory(let bytes) = entry.bytes {
        inline += bytes.count
      } else {
        stored[entry.bytes.start] = max(
          stored[entry.bytes.start] ?? 0, entry.bytes.storedCount)
      }
    }
    let held = stored.values.reduce(inline, &+)
    guard total / Self.maxExpansion <= held + Self.freeBytes / Self.maxExpansion else {
      throw SmithError(
        .limit, "tensors of \(total) bytes over \(held) stored bytes",
        remedy: "save it again with the expanded tensors made contiguous")
    }
  }

  /// A pickle without tensors of torch's: told apart, so that the user learns what it would have run.
  private static func refusePickle(_ file: InputFile) throws(SmithError) -> Never {
    var input = PickleInput(file)
    var verdict = TorchVerdict()
    verdict.add(try PickleMachine.run(&input), isScript: false)
    let names = verdict.foreign.prefix(4).joined(separator: ", ")
    throw SmithError(
      .unsupported,
      "a pickle that torch.save did not write"
        + (names.isEmpty ? "" : "; it names \(names), which was not executed"),
      remedy: names.isEmpty ? "save its tensors with torch.save" : nil)
  }

  private static func noTorchFile(_ head: [UInt8], _ file: InputFile) -> SmithError {
    if file.count == 0 { return SmithError(.truncated, "an empty file") }
    if String(decoding: head.prefix(64), as: UTF8.self).hasPrefix("version https://git-lfs") {
      return SmithError(
        .unsupported, "a Git LFS pointer, not the file it points to", remedy: "git lfs pull")
    }
    return SmithError(.malformed, "no file of torch.save: neither a zip archive nor its pickles")
  }
}
