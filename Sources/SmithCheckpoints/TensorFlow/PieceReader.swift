import SmithBytes
import SmithTensors

/// Reads one tensor's bytes as the file has them, from its only piece or from many slices, checking the CRC of each piece
/// that is read whole.
struct PieceReader {
  /// What is read at once where a tensor is in one piece, bytes.
  private static let batchBytes = 256 << 10

  let tensor: StoredTensor
  let shards: [Int: InputFile]

  /// Fills `span` with the bytes `range` of the tensor.
  func read(_ range: Range<Int>, into span: inout MutableRawSpan) throws(SmithError) {
    if tensor.pieces.count == 1 {
      let piece = tensor.pieces[0]
      guard range.count == piece.entry.size else {
        return try fill(&span, 0..<range.count, from: piece, at: range.lowerBound)
      }
      // In steps that stay in the processor's cache, so that the checksum does not fetch them again.
      var crc = CRC32C()
      for start in stride(from: 0, to: range.count, by: Self.batchBytes) {
        let step = start..<min(range.count, start + Self.batchBytes)
        try fill(&span, step, from: piece, at: start)
        crc.update(span.bytes.extracting(step))
      }
      try check(crc, piece)
      return
    }
    for piece in tensor.pieces where piece.entry.size > 0 {
      try read(piece, range, into: &span)
    }
  }

  /// Fills the part of `span`, which is `range` of the tensor, that `piece` holds.
  private func read(
    _ piece: StoredTensor.Piece, _ range: Range<Int>, into span: inout MutableRawSpan
  ) throws(SmithError) {
    let rows = SliceCopy(shape: tensor.info.shape, width: tensor.dtype.width)
    var crc = CRC32C()
    var count = 0
    try rows.copy(piece.box, range, into: &span) { part, target throws(SmithError) in
      try fill(&target, 0..<part.count, from: piece, at: part.lowerBound)
      crc.update(target.bytes)
      count += part.count
    }
    if count == piece.entry.size { try check(crc, piece) }
  }

  /// For numbers in one piece, read from front to back.
  var runningChecksum: RunningChecksum? {
    guard tensor.pieces.count == 1, tensor.dtype.width > 0 else { return nil }
    let piece = tensor.pieces[0]
    return RunningChecksum(Checksum(.crc32c)) { value throws(SmithError) in
      try check(value, piece)
    }
  }

  /// Checks the checksum of one piece, 4 MB at a time, and for text its layout.
  func verify(_ piece: StoredTensor.Piece) throws(SmithError) {
    var crc = CRC32C()
    var text = StringTensor(elements: try piece.entry.shape.elementCount())
    var offset = 0
    while offset < piece.entry.size {
      let end = min(piece.entry.size, offset + BundleLimits.checkBytes)
      let bytes = try bytes(offset..<end, of: piece)
      if tensor.dtype == .string {
        do throws(SmithError) { try text.feed(bytes) } catch { throw place(error, piece) }
      } else {
        crc.update(bytes)
      }
      offset = end
    }
    if tensor.dtype == .string {
      do throws(SmithError) { try check(try text.finish(), piece) } catch {
        throw place(error, piece)
      }
    } else {
      try check(crc, piece)
    }
  }

  /// The text of a string scalar, its checksums checked: a varint length, a checksum of it, the bytes (`StringTensor`).
  /// `.limit` beyond `limit` bytes, `.mismatch` for what is no scalar.
  func text(atMost limit: Int) throws(SmithError) -> ByteCursor {
    guard tensor.info.shape.isEmpty, let piece = tensor.pieces.first else {
      throw SmithError(.mismatch, "text of shape \(tensor.info.shape), a scalar expected")
    }
    guard piece.entry.size <= limit else {
      throw SmithError(.limit, "\(piece.entry.size) bytes of text, at most \(limit) are read")
    }
    try verify(piece)
    let bytes = try bytes(0..<piece.entry.size, of: piece)
    var cursor = ByteCursor(bytes, base: piece.entry.offset)
    let count = try Int(checked: try cursor.varint())
    _ = try cursor.take(StringTensor.checksumBytes)
    return try cursor.slice(count)
  }

  private func check(_ crc: CRC32C, _ piece: StoredTensor.Piece) throws(SmithError) {
    try check(crc.value, piece)
  }

  private func check(_ crc: UInt32, _ piece: StoredTensor.Piece) throws(SmithError) {
    guard checksumsAgree(piece.entry.maskedCRC, CRC32C.mask(crc)) else {
      throw place(SmithError(.checksum, "its bytes do not give the stored checksum"), piece)
    }
  }

  private func place(_ error: SmithError, _ piece: StoredTensor.Piece) -> SmithError {
    error.at(
      file: shards[piece.entry.shard]?.path, offset: piece.entry.offset, item: tensor.info.name)
  }

  /// Fills `target` of `span` with a piece's bytes from `offset` on.
  private func fill(
    _ span: inout MutableRawSpan, _ target: Range<Int>, from piece: StoredTensor.Piece,
    at offset: Int
  ) throws(SmithError) {
    do throws(SmithError) {
      var part = span._mutatingExtracting(target)
      try shard(piece).read(at: piece.entry.offset + offset, into: &part)
    } catch { throw error.at(item: tensor.info.name) }
  }

  private func bytes(
    _ range: Range<Int>, of piece: StoredTensor.Piece
  ) throws(SmithError) -> [UInt8] {
    let start = piece.entry.offset
    do throws(SmithError) {
      return try shard(piece).bytes((start + range.lowerBound)..<(start + range.upperBound))
    } catch { throw error.at(item: tensor.info.name) }
  }

  private func shard(_ piece: StoredTensor.Piece) throws(SmithError) -> InputFile {
    guard let file = shards[piece.entry.shard] else {
      throw SmithError(.missing, "data file \(piece.entry.shard) is not open")
    }
    return file
  }
}
