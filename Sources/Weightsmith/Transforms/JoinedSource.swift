import SmithBytes
import SmithTensors

/// A checkpoint's tensors and, under a prefix, those of others that were merged into it: what recipes over several checkpoints read from.
struct JoinedSource: TensorSource {
  private let base: any TensorSource
  private let others: [String: (source: any TensorSource, tensor: TensorInfo)]
  let tensors: [TensorInfo]
  let files: [String]
  var notes: [String]

  /// Names of the others are this and their own.
  let prefix: String

  /// The prefix is one that no name of the base begins with.
  init(_ base: any TensorSource, _ other: any TensorSource, as title: String) {
    var prefix = "\(title):"
    while base.tensors.contains(where: { $0.name.hasPrefix(prefix) }) { prefix = "+" + prefix }
    var others: [String: (source: any TensorSource, tensor: TensorInfo)] = [:]
    var tensors = base.tensors
    for tensor in other.tensors {
      var copy = tensor
      copy.name = prefix + tensor.name
      tensors.append(copy)
      others[copy.name] = (other, tensor)
    }
    self.base = base
    self.others = others
    self.tensors = tensors
    self.prefix = prefix
    files = base.files + other.files
    notes = base.notes + other.notes
  }

  var container: String { base.container }
  var metadata: [String: String] { base.metadata }
  var typedMetadata: ContainerMetadata { base.typedMetadata }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    let (source, tensor) = place(tensor)
    try source.read(tensor, at: offset, into: &span)
  }

  func verifyChecksum(_ tensor: TensorInfo) throws(SmithError) {
    let (source, tensor) = place(tensor)
    try source.verifyChecksum(tensor)
  }

  func runningChecksum(_ tensor: TensorInfo) throws(SmithError) -> RunningChecksum? {
    let (source, tensor) = place(tensor)
    return try source.runningChecksum(tensor)
  }

  private func place(_ tensor: TensorInfo) -> (any TensorSource, TensorInfo) {
    others[tensor.name].map { ($0.source, $0.tensor) } ?? (base, tensor)
  }
}
