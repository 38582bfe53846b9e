import SmithBytes
import SmithTensors

/// Writes what `torch.save({name: tensor, …}, "STEM.bin")` writes, byte for byte: `torch.load(weights_only=True)` takes it.
///
/// One file `STEM.bin`; beyond `maxShardBytes` of tensors `STEM-00001-of-00002.bin` … and `STEM.bin.index.json`. Tensors stand in the
/// order given. With an envelope the dictionary is a value of another one, in one file.
struct PyTorchWriter: ContainerWriter {
  let dtypes = TorchType.dtypes
  let checksum = Checksum.Kind.crc32
  let takesEnvelope = true

  /// One file of the output.
  private struct Shard {
    var members: [Int]
    var zip: ZipLayout
    /// The members' names in the archive begin with it.
    var root: String
  }

  /// Members before the storages.
  private static let leading: [(name: String, content: String)] = [
    (".format_version", "1"), (".storage_alignment", "64"), ("byteorder", "little"),
  ]
  private static let identity = ".data/serialization_id"
  private static let identityBytes = 40

  func layout(
    _ tensors: [TensorInfo], options: WriterOptions
  ) throws(SmithError) -> OutputLayout {
    let shards = try shards(tensors, options)
    var layout = OutputLayout(
      files: fileNames(options, shards.count), pieces: [],
      placements: Array(repeating: .init(file: 0, offset: 0), count: tensors.count))
    for (file, shard) in shards.enumerated() {
      layout.pieces += shard.zip.pieces.map {
        .init(file: file, offset: $0.offset, bytes: $0.bytes)
      }
      for (position, index) in shard.members.enumerated() {
        let start = shard.zip.dataStarts[1 + Self.leading.count + position]
        layout.placements[index] = .init(file: file, offset: start)
      }
    }
    if shards.count > 1 {
      let index = try Sharding.index(tensors, layout)
      layout.pieces.append(.init(file: layout.files.count, offset: 0, bytes: index))
      layout.files.append(options.stem + PyTorch.indexSuffix)
    }
    return layout
  }

  func finish(
    _ layout: OutputLayout, tensors: [TensorInfo], checksums: [UInt32], options: WriterOptions
  ) throws(SmithError) -> [OutputLayout.Piece] {
    var pieces: [OutputLayout.Piece] = []
    for (file, shard) in try shards(tensors, options).enumerated() {
      let count = shard.zip.members.count
      var sums = [UInt32](repeating: 0, count: count)
      for (position, index) in shard.members.enumerated() {
        sums[1 + Self.leading.count + position] = checksums[index]
      }
      let identity = Array(Self.identity(of: shard, sums).utf8)
      sums[count - 1] = CRC32.of(identity)
      pieces.append(
        .init(file: file, offset: shard.zip.dataStarts[count - 1], bytes: identity))
      pieces += shard.zip.finish(checksums: sums).map {
        .init(file: file, offset: $0.offset, bytes: $0.bytes)
      }
    }
    return pieces
  }

  private func fileNames(_ options: WriterOptions, _ count: Int) -> [String] {
    Sharding.names(
      stem: options.stem, count: count, extension: options.fileExtension ?? PyTorch.fileExtension)
  }

  /// The archives, the same from the same tensors and options.
  private func shards(
    _ tensors: [TensorInfo], _ options: WriterOptions
  ) throws(SmithError) -> [Shard] {
    let groups = try Sharding.members(tensors, maxBytes: options.maxShardBytes)
    if options.envelope != nil, groups.count > 1 {
      throw SmithError(
        .usage, "\(groups.count) files do not fit into one dictionary",
        remedy: "no --max-shard-size: its program reads one file")
    }
    var shards: [Shard] = []
    for (members, name) in zip(groups, fileNames(options, groups.count)) {
      // The archive's folder is called like the file; a name that is no folder's becomes torch's own.
      let stem = String(name.dropLast((options.fileExtension ?? PyTorch.fileExtension).count + 1))
      let root = stem.isPlainFileName ? stem : "archive"
      shards.append(
        Shard(
          members: members,
          zip: try Self.archive(
            members.map { tensors[$0] }, in: options.envelope, root: root),
          root: root))
    }
    return shards
  }

  private static func archive(
    _ tensors: [TensorInfo], in envelope: WriterOptions.Envelope?, root: String
  ) throws(SmithError) -> ZipLayout {
    let pickle = try StateDictPickle(tensors, in: envelope).bytes
    var members = [ZipLayout.Member(name: "\(root)/\(TorchArchive.dataPickle)", head: pickle)]
    members += leading.map { .init(name: "\(root)/\($0.name)", head: Array($0.content.utf8)) }
    for (key, tensor) in tensors.enumerated() {
      members.append(.init(name: "\(root)/data/\(key)", dataCount: tensor.byteCount))
    }
    members.append(.init(name: "\(root)/version", head: Array("3\n".utf8)))
    members.append(.init(name: "\(root)/\(identity)", dataCount: identityBytes))
    return try ZipLayout(members, style: .torch)
  }

  /// Of all members but its own.
  private static func identity(of shard: Shard, _ sums: [UInt32]) -> String {
    var identity = SerializationID()
    for (member, sum) in zip(shard.zip.members, sums).dropLast() {
      let isEmpty = member.head.isEmpty && member.dataCount == 0
      identity.add(
        String(decoding: member.name.utf8.dropFirst(shard.root.utf8.count + 1), as: UTF8.self),
        crc32: isEmpty ? nil : member.head.isEmpty ? sum : CRC32.of(member.head))
    }
    return identity.text
  }
}
