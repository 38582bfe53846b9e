import SmithBytes
import SmithModels
import SmithTensors

/// Which tensors of a checkpoint are taken, and under which names: by stored name, so that any checkpoint of any model will do.
public struct NameChanges: Hashable, Sendable {
  /// A name for another: each `*` of `new` becomes what the `*` in its place in `old` stood for.
  public struct Renaming: Hashable, Sendable {
    public var old: Glob
    public var new: String

    /// `.usage` where the two do not have equally many `*`.
    public init(_ old: String, to new: String) throws(SmithError) {
      let counts = [old, new].map { $0.utf8.count { $0 == UInt8(ascii: "*") } }
      guard counts[0] == counts[1], !old.isEmpty, !new.isEmpty else {
        throw SmithError(
          .usage, "--rename \(old)=\(new): \(counts[0]) * on one side, \(counts[1]) on the other",
          remedy: "--rename 'encoder.*=bert.encoder.*'")
      }
      self.old = Glob(old)
      self.new = new
    }

    func applied(to name: String) -> String? {
      guard let stars = old.captures(name) else { return nil }
      var (result, next) = ("", stars.makeIterator())
      for character in new {
        if character == "*" { result += next.next() ?? "" } else { result.append(character) }
      }
      return result
    }
  }

  /// What is kept; everything where there is no pattern.
  public var keep: [Glob]
  /// What is dropped of that.
  public var drop: [Glob]
  /// Of several that match a name the first counts.
  public var rename: [Renaming]

  public init(keep: [Glob] = [], drop: [Glob] = [], rename: [Renaming] = []) {
    self.keep = keep
    self.drop = drop
    self.rename = rename
  }

  public var isEmpty: Bool { keep.isEmpty && drop.isEmpty && rename.isEmpty }
}

extension NameChanges {
  /// What becomes of every name: its new one, or nil where it is dropped. Components of a quantized tensor follow the tensor.
  ///
  /// `.usage` for a pattern that matches no name, and where nothing would be left; `.refused` where two would get one name.
  func names(
    of tensors: [TensorInfo], owners: [String: String]
  ) throws(SmithError) -> [(old: String, new: String?)] {
    var unused = Set(keep.map { "--keep \($0.pattern)" } + drop.map { "--drop \($0.pattern)" })
    unused.formUnion(rename.map { "--rename \($0.old.pattern)=\($0.new)" })
    var result: [(old: String, new: String?)] = []
    var holders: [String: String] = [:]
    for tensor in tensors {
      let owner = owners[tensor.name] ?? tensor.name
      let new = renamed(owner, &unused).map { $0 + tensor.name.dropFirst(owner.utf8.count) }
      result.append((tensor.name, new))
      guard let new else { continue }
      if let other = holders.updateValue(tensor.name, forKey: new) {
        throw SmithError(
          .refused, "\(other) and \(tensor.name) would both get this name", at: Place(item: new),
          remedy: "--drop one of them, or another --rename")
      }
    }
    if let pattern = unused.min() {
      throw SmithError(
        .usage, "\(pattern) matches no tensor\(tensors.first.map { "; one is \($0.name)" } ?? "")")
    }
    if holders.isEmpty { throw SmithError(.usage, "no tensor would be left") }
    return result
  }

  private func renamed(_ name: String, _ unused: inout Set<String>) -> String? {
    let kept = keep.filter { $0.matches(name) }
    let dropped = drop.filter { $0.matches(name) }
    for glob in kept { unused.remove("--keep \(glob.pattern)") }
    for glob in dropped { unused.remove("--drop \(glob.pattern)") }
    var new: String?
    for row in rename {
      guard let found = row.applied(to: name) else { continue }
      unused.remove("--rename \(row.old.pattern)=\(row.new)")
      if new == nil { new = found }
    }
    if !dropped.isEmpty || (!keep.isEmpty && kept.isEmpty) { return nil }
    return new ?? name
  }
}

extension Checkpoint {
  /// The same checkpoint with other names, or fewer tensors. Errors as those of `NameChanges`.
  public func applying(_ changes: NameChanges) throws(SmithError) -> Checkpoint {
    if changes.isEmpty { return self }
    guard merged.isEmpty else {
      throw SmithError(.usage, "names are changed before anything is merged", at: Place(file: path))
    }
    do throws(SmithError) {
      return Checkpoint(path: path, folder: folder, source: try RenamedSource(source, changes))
    } catch { throw error.at(file: path) }
  }
}

/// A checkpoint's tensors under other names, without those that are dropped.
struct RenamedSource: TensorSource {
  private let base: any TensorSource
  /// By the new name.
  private let originals: [String: TensorInfo]
  let tensors: [TensorInfo]
  let typedMetadata: ContainerMetadata
  let notes: [String]

  init(_ base: any TensorSource, _ changes: NameChanges) throws(SmithError) {
    self.base = base
    let owners = try StoredSchemes.owners(in: base)
    let names = try changes.names(of: base.tensors, owners: owners)
    var originals: [String: TensorInfo] = [:]
    var tensors: [TensorInfo] = []
    var dropped: [TensorInfo] = []
    var renamed: [(String, String)] = []
    for (tensor, (old, new)) in zip(base.tensors, names) {
      guard let new else {
        dropped.append(tensor)
        continue
      }
      if new != old { renamed.append((old, new)) }
      var copy = tensor
      copy.name = new
      tensors.append(copy)
      originals[new] = tensor
    }
    self.originals = originals
    self.tensors = tensors
    typedMetadata = try StoredSchemes.renaming(
      base.typedMetadata, Dictionary(uniqueKeysWithValues: names.map { ($0.old, $0.new) }))
    notes = base.notes + Self.notes(dropped, renamed)
  }

  private static func notes(_ dropped: [TensorInfo], _ renamed: [(String, String)]) -> [String] {
    var notes: [String] = []
    if let first = dropped.first {
      let bytes = dropped.reduce(0) { $0 + $1.byteCount }
      let count = dropped.count == 1 ? "1 tensor" : "\(dropped.count) tensors"
      notes.append(
        "dropped \(count) of \(bytes) bytes: \(first.name)\(dropped.count > 1 ? ", …" : "")")
    }
    if let first = renamed.first {
      let count = renamed.count == 1 ? "1 tensor" : "\(renamed.count) tensors"
      notes.append(
        "renamed \(count): \(first.0) to \(first.1)\(renamed.count > 1 ? ", …" : "")")
    }
    return notes
  }

  var container: String { base.container }
  var files: [String] { base.files }
  var metadata: [String: String] { typedMetadata.texts }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) { try base.read(original(tensor), at: offset, into: &span) }

  func verifyChecksum(_ tensor: TensorInfo) throws(SmithError) {
    try base.verifyChecksum(original(tensor))
  }

  func runningChecksum(_ tensor: TensorInfo) throws(SmithError) -> RunningChecksum? {
    try base.runningChecksum(original(tensor))
  }

  private func original(_ tensor: TensorInfo) throws(SmithError) -> TensorInfo {
    guard let found = originals[tensor.name] else {
      throw SmithError(.missing, "no such tensor", at: Place(item: tensor.name))
    }
    return found
  }
}
