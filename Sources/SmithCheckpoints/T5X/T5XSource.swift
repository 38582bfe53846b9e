import SmithBytes
import SmithTensors

/// The arrays of one T5X checkpoint under their paths: `target/encoder/…`, `state/…`, in the order of the tree.
struct T5XSource: TensorSource {
  let container = T5X.name
  let files: [String]
  let metadata: [String: String]
  let notes: [String]
  private let inside: FlaxSource
  /// Nil where all arrays are in the tree.
  private let outside: ZarrSource?
  private let table: TensorTable

  var tensors: [TensorInfo] { table.tensors }

  init(_ path: String) throws(SmithError) {
    let file = try InputFile(path)
    let tree = try T5XTree(file)
    let folders = T5XFolders(around: path)
    let arrays = try folders.arrays(tree.references)
    inside = try FlaxSource(file, tree.leaves)
    outside = arrays.isEmpty ? nil : try ZarrSource(root: path.parentFolder, arrays: arrays)
    files = [path] + (outside?.files ?? [])
    metadata = inside.metadata.merging(tree.version.map { ["version": $0] } ?? [:]) { $1 }
    let others = folders.others(than: arrays).map { "an array that the tree does not name: \($0)" }
    notes = inside.notes + others.prefix(5)
    let offsets = Dictionary(
      tree.leaves.map { ($0.name, $0.offset) } + tree.references.map { ($0.name, $0.offset) },
      uniquingKeysWith: { first, _ in first })
    var table = TensorTable(capacity: offsets.count)
    let all = inside.tensors + (outside?.tensors ?? [])
    for tensor in all.sorted(by: { offsets[$0.name, default: 0] < offsets[$1.name, default: 0] }) {
      guard table.append(tensor) else {
        throw SmithError(
          .mismatch, "two arrays of this name, through a key with a slash",
          at: Place(file: path, item: tensor.name))
      }
    }
    self.table = table
  }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    if let outside, outside.holds(tensor.name) {
      return try outside.read(tensor, at: offset, into: &span)
    }
    try inside.read(tensor, at: offset, into: &span)
  }
}
