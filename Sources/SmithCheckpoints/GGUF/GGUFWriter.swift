import SmithBytes
import SmithTensors

/// Writes GGUF v3 as ggml's C reader wants it: tensors in the order given without gaps, each padded with zeros, the last one too.
///
/// One file `STEM.gguf`; beyond `maxShardBytes` of tensors `STEM-00001-of-00002.gguf` …, split as llama.cpp's tool does: the metadata
/// in the first file, the three `split.` keys in all. Metadata keeps its order; what is missing of `general.architecture` and
/// `general.name` is put in front.
struct GGUFWriter: ContainerWriter {
  let dtypes = Set(GGMLType.all.compactMap { $0.encoding.dtype })
  let schemes = Set(GGMLType.all.filter { $0.encoding.dtype == nil }.map(\.encoding.name))
  let keepsMetadata = true
  let typesMetadata = true

  static let architectureKey = "general.architecture"
  static let nameKey = "general.name"
  static let quantizationKey = "general.quantization_version"
  /// The version of ggml's block layouts that the table in `GGMLType` describes.
  static let quantizationVersion: UInt32 = 2

  func obstacle(to tensor: TensorInfo) -> String? {
    if let encoding = encodingObstacle(to: tensor) { return encoding }
    if tensor.name.utf8.count > GGUFHeader.Declaration.maxNameBytes {
      return "names of more than \(GGUFHeader.Declaration.maxNameBytes) bytes"
    }
    if tensor.name.utf8.contains(0) { return "names with a NUL" }
    if tensor.shape.count > GGUFHeader.Declaration.maxRank {
      return "more than \(GGUFHeader.Declaration.maxRank) dimensions"
    }
    return nil
  }

  /// Not the text of another container under a key that GGUF gives a meaning and a type of its own.
  func holds(_ entry: ContainerMetadata.Entry) -> Bool {
    if entry.key == GGUFHeader.alignmentKey { return Self.alignment(entry.value) != nil }
    return !entry.key.isEmpty && entry.key.utf8.count <= GGUFHeader.maxKeyBytes
      && !GGUFSplit.keys.contains(entry.key)
  }

  func layout(
    _ tensors: [TensorInfo], options: WriterOptions
  ) throws(SmithError) -> OutputLayout {
    var names: Set<String> = []
    for tensor in tensors {
      if let obstacle = obstacle(to: tensor) {
        throw SmithError(.unsupported, "gguf cannot hold \(obstacle)", at: Place(item: tensor.name))
      }
      guard names.insert(tensor.name).inserted else {
        throw SmithError(.refused, "the name is taken", at: Place(item: tensor.name))
      }
    }
    let shards = try Sharding.members(tensors, maxBytes: options.maxShardBytes)
    var layout = OutputLayout(
      files: Sharding.names(stem: options.stem, count: shards.count, extension: GGUF.fileExtension),
      pieces: [], placements: Array(repeating: .init(file: 0, offset: 0), count: tensors.count))
    let entries = metadata(options, for: tensors)
    let alignment =
      entries.first { $0.key == GGUFHeader.alignmentKey }.flatMap { Self.alignment($0.value) }
      ?? GGUFHeader.defaultAlignment
    for (file, members) in shards.enumerated() {
      var own = file == 0 ? entries : entries.filter { $0.key == GGUFHeader.alignmentKey }
      if shards.count > 1 {
        own += try GGUFSplit.entries(file, of: shards.count, tensors: tensors.count)
      }
      try place(members, of: tensors, own, alignment, file: file, in: &layout)
    }
    return layout
  }

  private func place(
    _ members: [Int], of tensors: [TensorInfo], _ entries: [ContainerMetadata.Entry],
    _ alignment: Int, file: Int, in layout: inout OutputLayout
  ) throws(SmithError) {
    var header = GGUFEncoder(tensors: members.count, entries: entries.count)
    for entry in entries { header.append(entry) }
    var offsets: [Int] = []
    var end = 0
    for index in members {
      let tensor = tensors[index]
      guard let type = GGMLType.storing(tensor.encoding),
        try type.byteCount(shape: tensor.shape) == tensor.byteCount
      else {
        throw SmithError(
          .mismatch, "\(tensor.byteCount) bytes for \(tensor.encoding.name) \(tensor.shape)",
          at: Place(item: tensor.name))
      }
      header.append(tensor, type: type, offset: end)
      offsets.append(end)
      end = try end.adding(checked: try tensor.byteCount.padded(to: alignment))
    }
    try header.pad(to: alignment)
    let dataStart = header.bytes.count
    layout.pieces.append(.init(file: file, offset: 0, bytes: header.bytes))
    for (index, offset) in zip(members, offsets) {
      layout.placements[index] = .init(file: file, offset: try dataStart.adding(checked: offset))
      let bytes = tensors[index].byteCount
      let padding = try bytes.padded(to: alignment) - bytes
      // The last zero alone: what a file skips over is zero already.
      if padding > 0 {
        layout.pieces.append(
          .init(file: file, offset: dataStart + offset + bytes + padding - 1, bytes: [0]))
      }
    }
  }

  /// The entries of the first file.
  private func metadata(
    _ options: WriterOptions, for tensors: [TensorInfo]
  ) -> [ContainerMetadata.Entry] {
    var entries = options.entries.entries.filter(holds)
    let keys = Set(entries.map(\.key))
    var first: [ContainerMetadata.Entry] = []
    if !keys.contains(Self.architectureKey) {
      first.append(.init(Self.architectureKey, .string(options.family ?? "unknown")))
      if !keys.contains(Self.nameKey), let title = options.title {
        first.append(.init(Self.nameKey, .string(title)))
      }
    }
    if !keys.contains(Self.quantizationKey), tensors.contains(where: { $0.encoding.dtype == nil }) {
      entries.append(.init(Self.quantizationKey, .u32(Self.quantizationVersion)))
    }
    return first + entries
  }

  private static func alignment(_ value: MetadataValue) -> Int? {
    guard case .u32(let alignment) = value, alignment.nonzeroBitCount == 1 else { return nil }
    return Int(alignment)
  }
}
