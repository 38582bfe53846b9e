import SmithBytes
import SmithCheckpoints
import SmithModels
import SmithTensors
import Synchronization

/// Opens what was just written as a stranger would, and compares names, types, shapes, typed metadata and every byte with what the recipes gave.
struct ReadBack: Sendable {
  let format: any ContainerFormat.Type
  let path: String
  let workers: Workers
  let checksum: Checksum.Kind
  /// Whether the model's settings stand in the file itself.
  var hasSettings = false

  /// Read in pieces that stay in the processor's cache until they are summed.
  private static let piece = 512 << 10

  func check(
    _ tensors: [TensorInfo], _ checksums: [UInt32], metadata: ContainerMetadata,
    written: Parameters?, _ progress: @Sendable (Progress) -> Void
  ) throws(SmithError) {
    let checkpoint = try Checkpoint.open(path)
    let source = checkpoint.source
    let found = Dictionary(
      source.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    guard source.container == format.name, found.count == tensors.count else {
      throw failure("\(found.count) tensors, \(tensors.count) were written")
    }
    let done = Atomic<Int>(0)
    let total = tensors.reduce(0) { $0 + $1.byteCount }
    try workers.forEach(tensors.count) { index throws(SmithError) in
      let wanted = tensors[index]
      guard let tensor = found[wanted.name], tensor == wanted else {
        throw failure("differs in type or shape from what was written", wanted.name)
      }
      guard try checksum(tensor, in: source) == checksums[index] else {
        throw failure("other bytes than were written", wanted.name)
      }
      let now = done.wrappingAdd(wanted.byteCount, ordering: .relaxed).newValue
      progress(Progress(phase: .readingBack, done: now, total: total))
    }
    try check(metadata, in: source)
    try checkModel(checkpoint, written)
  }

  /// Every entry with its type. Numbers that are not equal to themselves are compared by what they read as.
  private func check(
    _ wanted: ContainerMetadata, in source: any TensorSource
  ) throws(SmithError) {
    let found = Dictionary(
      source.typedMetadata.entries.map { ($0.key, $0.value) },
      uniquingKeysWith: { first, _ in first })
    for entry in wanted.entries {
      guard let value = found[entry.key],
        value == entry.value || (value.kind == entry.value.kind && value.text == entry.value.text)
      else { throw failure("other metadata than was written", entry.key) }
    }
  }

  private func checksum(
    _ tensor: TensorInfo, in source: any TensorSource
  ) throws(SmithError) -> UInt32 {
    var sum = Checksum(self.checksum)
    var buffer = [UInt8](repeating: 0, count: min(Self.piece, tensor.byteCount))
    var offset = 0
    while offset < tensor.byteCount {
      let count = min(buffer.count, tensor.byteCount - offset)
      if count < buffer.count { buffer.removeLast(buffer.count - count) }
      var span = buffer.mutableSpan
      var raw = span.mutableBytes
      try source.read(tensor, at: offset, into: &raw)
      sum.update(buffer)
      offset += count
    }
    return sum.value
  }

  /// The output must be read as the same model: same configuration, same parameters.
  private func checkModel(_ checkpoint: Checkpoint, _ written: Parameters?) throws(SmithError) {
    guard let written else { return }
    let known =
      Families.named(written.configuration.family)?.dialects.flatMap(\.configuration.fileNames)
      ?? []
    let names = FolderListing.names(in: checkpoint.folder)
    guard hasSettings || names.contains(where: known.contains) else { return }
    let model = try Model(checkpoint)
    guard model.configuration.schedule == written.configuration.schedule,
      model.configuration.sizes == written.configuration.sizes,
      model.configuration.activation == written.configuration.activation,
      model.configuration.layerNormEpsilon == written.configuration.layerNormEpsilon,
      model.configuration.settings == written.configuration.settings,
      Set(model.parameters.recipes.keys) == Set(written.recipes.keys)
    else { throw failure("is read as another model than was written") }
  }

  private func failure(_ detail: String, _ item: String? = nil) -> SmithError {
    SmithError(.io, "read back: \(detail)", at: Place(file: path, item: item))
  }
}
