import SmithBytes

/// The tensors of one checkpoint as they are stored: what there is, and bytes on demand. Opening one reads metadata only.
public protocol TensorSource: Sendable {
  /// The container's name in `Formats`: `safetensors`, `tf`, `hdf5`.
  var container: String { get }
  /// Every file that belongs to it, for messages and size totals.
  var files: [String] { get }
  /// All tensors, names unique, in the order of their bytes on disk where that is known.
  var tensors: [TensorInfo] { get }
  /// The container's own key-value text (safetensors `__metadata__`); empty where it has none.
  var metadata: [String: String] { get }
  /// The same with types and order, where the container has them: what a copy into a container of the same kind keeps.
  var typedMetadata: ContainerMetadata { get }
  /// What a user should know of the files and would not see from the tensors, a sentence each.
  var notes: [String] { get }

  /// Fills `span` with bytes `offset ..< offset + span.byteCount` of the tensor, little endian whatever the file's order.
  /// Where the container stores a checksum, a read of the whole tensor checks it.
  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan) throws(SmithError)

  /// Checks the stored checksum of a tensor that was, or will be, read in pieces; nothing where there is none.
  func verifyChecksum(_ tensor: TensorInfo) throws(SmithError)

  /// The same for a tensor that will be read once, from its first byte to its last, where its bytes are what the checksum is of. Nil
  /// where they are not (swapped, in slices, with others under one checksum): `verifyChecksum` then.
  func runningChecksum(_ tensor: TensorInfo) throws(SmithError) -> RunningChecksum?
}

extension TensorSource {
  public var typedMetadata: ContainerMetadata { ContainerMetadata(metadata) }
  public var notes: [String] { [] }
  public func verifyChecksum(_ tensor: TensorInfo) throws(SmithError) {}
  public func runningChecksum(_ tensor: TensorInfo) throws(SmithError) -> RunningChecksum? { nil }

  /// The whole tensor as bytes.
  public func bytes(_ tensor: TensorInfo) throws(SmithError) -> [UInt8] {
    try [UInt8](count: tensor.byteCount) { span throws(SmithError) in
      try read(tensor, at: 0, into: &span)
    }
  }
}
