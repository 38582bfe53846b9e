import SmithBytes
import SmithTensors

/// Writes what the reference crate writes, byte for byte: tensors by falling alignment, then by name, header padded with
/// spaces to a multiple of 8. Metadata keys are sorted, where the crate's order is random.
///
/// One file `STEM.safetensors`; beyond `maxShardBytes` of tensors `STEM-00001-of-00002.safetensors` … and
/// `STEM.safetensors.index.json`. Shards fill up in the order of the tensors given; one larger than the limit stands alone.
struct SafetensorsWriter: ContainerWriter {
  let dtypes = Set(DType.safetensorsOrder.map(\.type))
  let keepsMetadata = true

  func layout(
    _ tensors: [TensorInfo], options: WriterOptions
  ) throws(SmithError) -> OutputLayout {
    let shards = try Sharding.members(tensors, maxBytes: options.maxShardBytes)
    var layout = OutputLayout(
      files: Sharding.names(
        stem: options.stem, count: shards.count, extension: Safetensors.fileExtension), pieces: [],
      placements: Array(repeating: .init(file: 0, offset: 0), count: tensors.count))
    for (file, members) in shards.enumerated() {
      let sorted = try Self.sorted(members, tensors)
      let header = try Self.header(sorted.map { tensors[$0] }, metadata: options.metadata)
      layout.pieces.append(.init(file: file, offset: 0, bytes: header))
      var offset = header.count
      for index in sorted {
        layout.placements[index] = .init(file: file, offset: offset)
        offset += tensors[index].byteCount
      }
    }
    if shards.count > 1 {
      let index = try Sharding.index(tensors, layout)
      layout.pieces.append(.init(file: layout.files.count, offset: 0, bytes: index))
      layout.files.append(options.stem + Safetensors.indexSuffix)
    }
    return layout
  }

  /// Widest first, so that each is aligned where the data is, then by the bytes of the name.
  private static func sorted(
    _ members: [Int], _ tensors: [TensorInfo]
  ) throws(SmithError) -> [Int] {
    var ranked: [(index: Int, rank: Int)] = []
    for index in members {
      let tensor = tensors[index]
      guard let rank = tensor.encoding.dtype?.safetensors?.rank else {
        throw SmithError(
          .unsupported, "safetensors cannot hold \(tensor.encoding.name)",
          at: Place(item: tensor.name))
      }
      ranked.append((index, rank))
    }
    return ranked.sorted {
      if $0.rank != $1.rank { return $0.rank > $1.rank }
      let (left, right) = (tensors[$0.index].name, tensors[$1.index].name)
      return left.precedes(bytewise: right)
    }.map(\.index)
  }

  /// Length, JSON and padding; `tensors` in the order of their data.
  private static func header(
    _ tensors: [TensorInfo], metadata: [String: String]
  ) throws(SmithError) -> [UInt8] {
    var fields: [String] = []
    if !metadata.isEmpty {
      var texts = JSONObject()
      for (key, value) in metadata.sorted(by: { $0.key.precedes(bytewise: $1.key) }) {
        texts[key] = .string(value)
      }
      fields.append("\"__metadata__\":\(JSON.object(texts).serialized())")
    }
    var names: Set = ["__metadata__"]
    var begin = 0
    for tensor in tensors {
      guard names.insert(tensor.name).inserted else {
        throw SmithError(.refused, "the name is taken", at: Place(item: tensor.name))
      }
      let end = try begin.adding(checked: tensor.byteCount)
      let dtype = tensor.encoding.dtype?.safetensors?.name ?? ""
      let shape = tensor.shape.map { String($0) }.joined(separator: ",")
      fields.append(
        "\(JSON.string(tensor.name).serialized()):"
          + "{\"dtype\":\"\(dtype)\",\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(end)]}")
      begin = end
    }
    var text = Array("{\(fields.joined(separator: ","))}".utf8)
    text.append(contentsOf: repeatElement(0x20, count: (8 - text.count % 8) % 8))
    guard text.count <= SafetensorsHeader.maxLength else {
      throw SmithError(.limit, "a header of \(text.count) bytes, readers allow 100,000,000")
    }
    return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
  }
}
