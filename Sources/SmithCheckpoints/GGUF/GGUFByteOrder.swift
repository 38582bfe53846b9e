import SmithBytes
import SmithTensors

/// Reads tensors of big-endian files as little-endian bytes.
enum GGUFByteOrder {
  /// A range of a tensor, which may begin and end inside an element or a block.
  ///
  /// `.unsupported` for block types whose words we do not know well enough to turn around.
  static func read(
    _ file: InputFile, _ entry: GGUFHeader.Entry, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    let unit = entry.type.blockBytes
    let first = offset / unit * unit
    let last = min(entry.info.byteCount, (offset + span.byteCount + unit - 1) / unit * unit)
    var bytes = try file.bytes((entry.offset + first)..<(entry.offset + last))
    switch entry.info.encoding {
    case .plain:
      var whole = bytes.mutableSpan
      var raw = whole.mutableBytes
      raw.swapBytes(ofWidth: unit)
    case .scheme(let name):
      guard let words = entry.type.halfWords else {
        throw SmithError(.unsupported, "\(name) blocks in a big-endian file")
      }
      for block in stride(from: 0, to: bytes.count, by: unit) {
        for word in words { bytes.swapAt(block + word, block + word + 1) }
      }
    }
    let start = offset - first
    span.copy(bytes, start..<(start + span.byteCount), to: 0)
  }
}
