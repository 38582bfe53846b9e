import SmithBytes
import SmithTensors

/// TensorFlow's V1 checkpoint: one table file that holds the tensors as well as their names (formats §2.7), or several such files
/// `PREFIX-SSSSS-of-NNNNN`. Read only: TensorFlow itself has written V2 since 2016.
public enum TensorFlowV1: ContainerFormat {
  public static let name = "tf-v1"
  public static let fileExtension = ""
  public static let usualNames = "original"
  public static let usualStem = "model.ckpt"
  public static let writer: (any ContainerWriter)? = nil

  /// Nothing in a name tells.
  public static func isModelFile(_ name: String) -> Bool { false }

  /// Walks over the tables' entries; no numbers are read.
  ///
  /// `.malformed`, `.mismatch` and `.truncated` for tables that break the rules of Docs/Formats/tensorflow.md, `.missing` for
  /// a file of several that is not there.
  public static func open(
    _ path: String, options: OpenOptions
  ) throws(SmithError) -> any TensorSource {
    try V1Source(paths: try shards(of: path))
  }

  /// The file itself, the first of several, the only one of a folder or the one its `checkpoint` file names.
  public static func recognise(_ input: InputPath) throws(SmithError) -> String? {
    switch input.kind {
    case .file:
      if try isTable(input.path) { return input.path }
      return CheckpointState(input.head) == nil ? nil : try newest(in: InputPath(input.folder))
    case .folder:
      if let found = try newest(in: input) { return found }
      return try only(in: input)
    case .absent:
      let first = input.entries.first { V1Shard($0)?.prefix == input.path.lastComponent }
      guard let first else { return nil }
      let path = input.folder.appending(path: first)
      return try isTable(path) ? path : nil
    }
  }

  /// Whether a table's first entry says so: under the empty key a V1 file has a message in field 1, a V2 index a number.
  /// False for what is no table, or a damaged one.
  static func isTable(_ path: String) throws(SmithError) -> Bool {
    guard try Footer.ends(path) else { return false }
    do throws(SmithError) {
      let file = try InputFile(path)
      var table = try V1Table(file)
      guard let entry = try table.next(), entry.key.isEmpty else { return false }
      var value = FileCursor(FileWindow(file), entry.value)
      return try value.byte() == 0x0A
    } catch {
      if error.kind == .io { throw error }
      return false
    }
  }

  private static func newest(in input: InputPath) throws(SmithError) -> String? {
    guard let path = try CheckpointState.newest(in: input) else { return nil }
    if try isTable(path) { return path }
    let first = input.entries.first { V1Shard($0)?.prefix == path.lastComponent }
    guard let first = first.map({ input.path.appending(path: $0) }) else { return nil }
    return try isTable(first) ? first : nil
  }

  /// The only checkpoint of a folder; `.mismatch` where there are several.
  private static func only(in input: InputPath) throws(SmithError) -> String? {
    var found: [String] = []
    for entry in input.entries where V1Shard(entry).map({ $0.index == 0 }) ?? true {
      let path = input.path.appending(path: entry)
      if FolderListing.isFile(path), try isTable(path) { found.append(path) }
    }
    guard found.count < 2 else {
      throw SmithError(
        .mismatch, "several checkpoints: \(found.map(\.lastComponent).joined(separator: ", "))",
        at: Place(file: input.path), remedy: "name one, e.g. \(found.last ?? input.path)")
    }
    return found.first
  }

  /// All files of the checkpoint that `path` is one of.
  private static func shards(of path: String) throws(SmithError) -> [String] {
    guard let shard = V1Shard(path), shard.count > 1 else { return [path] }
    guard shard.count <= V1Limits.files else {
      throw SmithError(.limit, "a checkpoint of \(shard.count) files", at: Place(file: path))
    }
    let paths = (0..<shard.count).map { shard.sibling($0) }
    if let lost = paths.first(where: { !FolderListing.isFile($0) }) {
      throw SmithError(
        .missing, "a file of the checkpoint is not there", at: Place(file: lost),
        remedy: "put all its \(shard.count) files into one folder")
    }
    return paths
  }
}

/// One of several files, `PREFIX-SSSSS-of-NNNNN`.
struct V1Shard {
  var prefix: String
  var index: Int
  var count: Int

  /// Nil for any other name.
  init?(_ name: String) {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[parts.count - 2] == "of",
      let index = Self.number(parts[parts.count - 3]), let count = Self.number(parts.last ?? ""),
      index < count
    else { return nil }
    prefix = parts.dropLast(3).joined(separator: "-")
    (self.index, self.count) = (index, count)
  }

  func sibling(_ index: Int) -> String {
    func digits(_ number: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }
    return "\(prefix)-\(digits(index))-of-\(digits(count))"
  }

  private static func number(_ text: Substring) -> Int? {
    guard text.utf8.count >= 5, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(text)
  }
}

/// What we accept at most. Names, ranks and entries as in a V2 index.
enum V1Limits {
  /// A key: the name with its bytes escaped, and the numbers of a slice.
  static let keyBytes = 2 * BundleLimits.nameBytes + 512
  static let files = 10_000
  /// A shape or a slice.
  static let recordBytes = 4096
  /// The first block, which holds the meta record, is checked on opening up to this size.
  static let eagerBlockBytes = 16 << 20
}
