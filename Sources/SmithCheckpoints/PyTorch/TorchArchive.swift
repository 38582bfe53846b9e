import SmithBytes

/// The zip form of torch.save (formats §4.2, §4.6): one folder with `data.pkl`, the storages `data/0`, `data/1`, …, and a few small
/// members. TorchScript adds its program, which is not read, and `constants.pkl`.
struct TorchArchive {
  /// A pickle with the folder of its storages.
  struct Part {
    var pickle: Pickle
    var storages: ArchiveStorages
    /// What its tensors' names begin with.
    var prefix: [String]
  }

  let parts: [Part]
  let isBigEndian: Bool
  let isScript: Bool

  static let dataPickle = "data.pkl"

  init(_ file: InputFile) throws(SmithError) {
    let archive = try ZipArchive(file)
    let root = try Self.root(of: archive)
    isBigEndian = try Self.isBigEndian(archive, root)
    isScript = archive[root + "constants.pkl"] != nil
    var parts: [Part] = []
    for (name, folder, prefix) in [
      (Self.dataPickle, "data/", []), ("constants.pkl", "constants/", ["constants"]),
    ] {
      guard let entry = archive[root + name] else { continue }
      let pickle = try Self.pickle(entry, in: archive)
      parts.append(
        Part(
          pickle: pickle, storages: ArchiveStorages(archive, folder: root + folder),
          prefix: prefix))
    }
    self.parts = parts
  }

  /// The folder that holds `data.pkl`, with its slash; empty where it stands outside one.
  static func root(of archive: ZipArchive) throws(SmithError) -> String {
    let candidates = archive.entries.map(\.name).filter {
      $0 == dataPickle || $0.hasSuffix("/" + dataPickle) && $0.split(separator: "/").count == 2
    }
    guard let name = candidates.first else {
      throw SmithError(.missing, "a zip archive without \(dataPickle)")
    }
    guard candidates.count == 1 else {
      throw SmithError(.mismatch, "two pickles: \(candidates.prefix(3).joined(separator: ", "))")
    }
    return String(name.dropLast(dataPickle.count))
  }

  /// `little` where nothing is said: before torch 2.1.
  private static func isBigEndian(
    _ archive: ZipArchive, _ root: String
  ) throws(SmithError) -> Bool {
    guard let entry = archive[root + "byteorder"] else { return false }
    let text = String(decoding: try archive.contents(of: entry, limit: 64), as: UTF8.self)
    guard text == "little" || text == "big" else {
      throw SmithError(.malformed, "the byte order \"\(text)\"", at: Place(item: entry.name))
    }
    return text == "big"
  }

  private static func pickle(
    _ entry: ZipEntry, in archive: ZipArchive
  ) throws(SmithError) -> Pickle {
    let bytes = try archive.contents(of: entry, limit: PickleMachine.maxBytes)
    // Places in a deflated pickle are not places in the file.
    let base = entry.method == .stored ? try archive.dataRange(of: entry).lowerBound : 0
    var input = PickleInput(bytes, base: base)
    do throws(SmithError) { return try PickleMachine.run(&input) } catch {
      throw error.at(item: entry.name)
    }
  }
}

/// The storages of one folder of an archive, each opened once.
final class ArchiveStorages {
  private let archive: ZipArchive
  private let folder: String
  private var members: [String: ZipMember] = [:]

  init(_ archive: ZipArchive, folder: String) {
    self.archive = archive
    self.folder = folder
  }

  /// `.missing` for a member that is not there, `.mismatch` for one of another size than the pickle says.
  func bytes(_ storage: TorchStorage) throws(SmithError) -> StorageBytes {
    let member = try member(storage.key)
    // Of types that we cannot read, the size is unknown.
    let wanted = try storage.byteCount()
    guard storage.dtype == .opaque || member.entry.size == wanted else {
      throw SmithError(
        .mismatch,
        "storage \(storage.key) has \(member.entry.size) bytes, "
          + "the pickle says \(storage.count) elements of \(storage.width)")
    }
    guard storage.window == nil else {
      throw SmithError(.malformed, "a view in the manner of the legacy stream")
    }
    return .member(member)
  }

  private func member(_ key: String) throws(SmithError) -> ZipMember {
    if let known = members[key] { return known }
    guard let entry = archive[folder + key] else {
      throw SmithError(.missing, "the archive has no member \(folder)\(key)")
    }
    let member = try archive.member(entry)
    members[key] = member
    return member
  }
}
