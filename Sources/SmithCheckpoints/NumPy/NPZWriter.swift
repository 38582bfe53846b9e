import SmithBytes
import SmithTensors

/// Writes what `numpy.savez` writes, byte for byte: a stored member `NAME.npy` for every tensor, in the order given.
struct NPZWriter: ContainerWriter {
  let dtypes = NPYElement.dtypes
  let checksum = Checksum.Kind.crc32

  func obstacle(to tensor: TensorInfo) -> String? {
    if let obstacle = encodingObstacle(to: tensor) { return obstacle }
    if tensor.shape.count > NPYHeader.maxRank {
      return "more than \(NPYHeader.maxRank) dimensions"
    }
    // numpy gives `archive["x.npy"]` the array x.
    return tensor.name.hasSuffix(".npy") ? "names that end in .npy" : nil
  }

  func layout(
    _ tensors: [TensorInfo], options: WriterOptions
  ) throws(SmithError) -> OutputLayout {
    if options.maxShardBytes != nil {
      throw SmithError(.usage, "npz has no shards", remedy: "leave out --max-shard-size")
    }
    let zip = try zip(tensors)
    return OutputLayout(
      files: ["\(options.stem).npz"],
      pieces: zip.pieces.map { .init(file: 0, offset: $0.offset, bytes: $0.bytes) },
      placements: zip.dataStarts.map { .init(file: 0, offset: $0) })
  }

  func finish(
    _ layout: OutputLayout, tensors: [TensorInfo], checksums: [UInt32], options: WriterOptions
  ) throws(SmithError) -> [OutputLayout.Piece] {
    try zip(tensors).finish(checksums: checksums).map {
      .init(file: 0, offset: $0.offset, bytes: $0.bytes)
    }
  }

  private func zip(_ tensors: [TensorInfo]) throws(SmithError) -> ZipLayout {
    let members = try tensors.map { tensor throws(SmithError) in
      if let obstacle = obstacle(to: tensor) {
        throw SmithError(
          .unsupported, "npz cannot hold \(obstacle)", at: Place(item: tensor.name))
      }
      return ZipLayout.Member(
        name: tensor.name + ".npy", head: try header(tensor), dataCount: tensor.byteCount)
    }
    return try ZipLayout(members, style: .numpy)
  }

  /// numpy's spelling, with its spare room for a first dimension that grows, up to a multiple of 64 bytes.
  func header(_ tensor: TensorInfo) throws(SmithError) -> [UInt8] {
    guard let descr = tensor.encoding.dtype.flatMap(NPYElement.descr) else {
      throw SmithError(
        .unsupported, "npz cannot hold \(tensor.encoding.name)", at: Place(item: tensor.name))
    }
    let dimensions = tensor.shape.map { String($0) }
    let shape =
      dimensions.count == 1 ? "(\(dimensions[0]),)" : "(\(dimensions.joined(separator: ", ")))"
    var text = "{'descr': '\(descr)', 'fortran_order': False, 'shape': \(shape), }"
    if let first = dimensions.first {
      text += String(repeating: " ", count: max(0, Self.growthDigits - first.count))
    }
    let unpadded = NPYHeader.magic.count + 4 + text.utf8.count + 1
    text += String(repeating: " ", count: 64 - unpadded % 64) + "\n"
    var bytes = NPYHeader.magic + [1, 0]
    bytes.append(littleEndian: UInt16(text.utf8.count))
    return bytes + Array(text.utf8)
  }

  /// `GROWTH_AXIS_MAX_DIGITS` of numpy's format module.
  private static let growthDigits = 21
}
