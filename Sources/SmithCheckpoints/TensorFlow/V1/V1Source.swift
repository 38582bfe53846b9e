import SmithBytes
import SmithTensors
import Synchronization

/// An open V1 checkpoint. Blocks carry checksums, not tensors: a block is checked once, when the first tensor in it is read whole.
final class V1Source: TensorSource {
  let container = TensorFlowV1.name
  let files: [String]
  let tensors: [TensorInfo]
  let metadata: [String: String] = [:]
  private let inputs: [InputFile]
  private let blocks: [[BlockHandle]]
  private let stored: [String: V1Tensor]
  private let verified = Mutex<Set<[Int]>>([])

  init(paths: [String]) throws(SmithError) {
    files = paths
    var inputs: [InputFile] = []
    for path in paths { inputs.append(try InputFile(path)) }
    let index = try V1Index(inputs)
    self.inputs = inputs
    blocks = index.blocks
    tensors = index.tensors.map(\.info)
    stored = Dictionary(index.tensors.map { ($0.info.name, $0) }) { first, _ in first }
  }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    let found = try find(tensor)
    let count = span.byteCount
    if case .unread = found.pieces[0].values {
      throw SmithError(
        .unsupported, "\(tensor.encoding.name) tensors hold no numbers to read",
        at: Place(file: files[0], item: tensor.name))
    }
    guard offset >= 0, count <= tensor.byteCount, offset <= tensor.byteCount - count else {
      throw SmithError(
        .usage, "\(count) bytes at \(offset) of \(tensor.byteCount)", at: Place(item: tensor.name))
    }
    do throws(SmithError) {
      if count == tensor.byteCount { try verify(found) }
      if count == 0 { return }
      let rows = SliceCopy(shape: tensor.shape, width: tensor.encoding.dtype?.width ?? 0)
      for piece in found.pieces where !piece.box.shape.contains(0) {
        let file = inputs[piece.file]
        try rows.copy(piece.box, offset..<(offset + count), into: &span) {
          range, part throws(SmithError) in
          try piece.values.read(range, of: file, into: &part)
        }
      }
    } catch { throw error.at(file: files[found.pieces[0].file], item: tensor.name) }
  }

  func verifyChecksum(_ tensor: TensorInfo) throws(SmithError) {
    do throws(SmithError) { try verify(try find(tensor)) } catch {
      throw error.at(item: tensor.name)
    }
  }

  /// Checks the blocks that a tensor is in, and each file's first, which has its type and shape.
  private func verify(_ tensor: V1Tensor) throws(SmithError) {
    for piece in tensor.pieces {
      for block in [0, piece.block] {
        let key = [piece.file, block]
        if verified.withLock({ $0.contains(key) }) { continue }
        try V1Table.verify(blocks[piece.file][block], in: inputs[piece.file])
        verified.withLock { _ = $0.insert(key) }
      }
    }
  }

  private func find(_ tensor: TensorInfo) throws(SmithError) -> V1Tensor {
    guard let found = stored[tensor.name], found.info == tensor else {
      throw SmithError(
        .missing, "no such tensor in the checkpoint", at: Place(file: files[0], item: tensor.name))
    }
    return found
  }
}
