import SmithBytes
import SmithTensors

/// A tensor of a V1 checkpoint and where its slices are.
struct V1Tensor: Sendable {
  struct Piece: Sendable {
    var file: Int
    /// The block that its bytes are in.
    var block: Int
    /// Where its record is in the file.
    var offset: Int
    var box: SliceBox
    var values: V1Values
  }

  var info: TensorInfo
  var pieces: [Piece]
}

/// What the files of a V1 checkpoint say: every tensor with its slices, found by the keys that the meta records demand.
struct V1Index: Sendable {
  /// The blocks of each file.
  private(set) var blocks: [[BlockHandle]] = []
  /// In the order of their bytes on disk.
  private(set) var tensors: [V1Tensor] = []

  private struct Variable {
    var meta: SavedSliceMeta
    var pieces: [V1Tensor.Piece] = []
  }

  init(_ files: [InputFile]) throws(SmithError) {
    var variables: [String: Variable] = [:]
    for (number, file) in files.enumerated() {
      do throws(SmithError) { try read(file, number, into: &variables) } catch {
        throw error.at(file: file.path)
      }
    }
    for (name, variable) in variables {
      do throws(SmithError) { tensors.append(try Self.tensor(variable)) } catch {
        throw error.at(file: files[variable.pieces.first?.file ?? 0].path, item: name)
      }
    }
    tensors.sort { left, right in
      let (a, b) = (left.pieces[0], right.pieces[0])
      return (a.file, a.offset, left.info.name)
        < (b.file, b.offset, right.info.name)
    }
  }

  /// Adds one file's part of each variable: its meta record, then every slice that this lists.
  private mutating func read(
    _ file: InputFile, _ number: Int, into variables: inout [String: Variable]
  ) throws(SmithError) {
    var table = try V1Table(file)
    let window = FileWindow(file)
    guard let first = try table.next(), first.key.isEmpty else {
      throw SmithError(.malformed, "no meta record")
    }
    if let block = table.blocks.first, block.size <= V1Limits.eagerBlockBytes {
      try V1Table.verify(block, in: file)
    }
    let metas = try SavedSliceMeta.all(in: FileCursor(window, first.value))
    blocks.append(table.blocks)
    var records: [[UInt8]: V1Table.Entry] = [:]
    while let entry = try table.next() {
      guard records.count < BundleLimits.entries else {
        throw SmithError(
          .limit, "more than \(BundleLimits.entries) entries",
          at: Place(offset: entry.value.lowerBound))
      }
      records[entry.key] = entry
    }
    var seen: Set<String> = []
    for meta in metas {
      do throws(SmithError) {
        guard seen.insert(meta.name).inserted else {
          throw SmithError(.mismatch, "the tensor stands twice")
        }
        var variable = try Self.join(variables[meta.name], meta)
        variable.pieces += try Self.pieces(of: meta, number, window, &records)
        variables[meta.name] = variable
      } catch { throw error.at(item: meta.name) }
    }
    if let lost = records.values.map({ $0.value.lowerBound }).min() {
      throw SmithError(.malformed, "a slice that no tensor lists", at: Place(offset: lost))
    }
  }

  /// A variable whose slices are in several files is the same in each.
  private static func join(
    _ known: Variable?, _ meta: SavedSliceMeta
  ) throws(SmithError) -> Variable {
    guard let known else { return Variable(meta: meta) }
    guard known.meta.type == meta.type, known.meta.shape == meta.shape else {
      throw SmithError(
        .mismatch,
        "type \(known.meta.type) \(known.meta.shape) in one file, "
          + "type \(meta.type) \(meta.shape) in another")
    }
    return known
  }

  /// Takes the records of a tensor's slices out of `records`.
  private static func pieces(
    of meta: SavedSliceMeta, _ file: Int, _ window: FileWindow,
    _ records: inout [[UInt8]: V1Table.Entry]
  ) throws(SmithError) -> [V1Tensor.Piece] {
    var pieces: [V1Tensor.Piece] = []
    for slice in meta.slices {
      guard let entry = records.removeValue(forKey: slice.key(of: Array(meta.name.utf8))) else {
        throw SmithError(.missing, "its slice \(pieces.count) is not in the file")
      }
      do throws(SmithError) {
        let saved = try SavedSlice(FileCursor(window, entry.value))
        guard saved.name == meta.name, saved.slice == slice else {
          throw SmithError(.mismatch, "the record of another tensor or slice under its key")
        }
        let box = try slice.box(in: meta.shape)
        let values = try V1Values(
          saved.values ?? FileCursor(window, entry.value.upperBound..<entry.value.upperBound),
          dtype: TensorType.dtype(meta.type), elements: try box.shape.elementCount(),
          in: window.file)
        pieces.append(
          .init(
            file: file, block: entry.block, offset: entry.value.lowerBound, box: box,
            values: values))
      } catch { throw error.at(offset: entry.value.lowerBound) }
    }
    return pieces
  }

  private static func tensor(_ variable: Variable) throws(SmithError) -> V1Tensor {
    let (meta, pieces) = (variable.meta, variable.pieces)
    guard !pieces.isEmpty else { throw SmithError(.missing, "no slice of it is in the file") }
    try SliceBox.checkCover(of: meta.shape, by: pieces.map(\.box))
    let dtype = TensorType.dtype(meta.type)
    guard case .unread = pieces[0].values else {
      return V1Tensor(
        info: try TensorInfo(name: meta.name, dtype: dtype, shape: meta.shape), pieces: pieces)
    }
    var bytes = 0
    for piece in pieces {
      if case .unread(_, let count) = piece.values { bytes = try bytes.adding(checked: count) }
    }
    let listed: DType = dtype == .string ? .string : .opaque
    return V1Tensor(
      info: TensorInfo(
        name: meta.name, encoding: .plain(listed), shape: meta.shape, byteCount: bytes),
      pieces: pieces)
  }
}
