import SmithBytes
import SmithCheckpoints
import SmithTensors
import TestSupport
import Testing

/// A file from its header text and data.
func safetensorsFile(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  let text = [UInt8](header.utf8)
  let count = length ?? UInt64(text.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: count >> UInt64(8 * $0)) } + text + data
}

/// The files that a layout and the tensors' bytes give, by name.
func written(_ layout: OutputLayout, _ bytes: [[UInt8]]) -> [String: [UInt8]] {
  var files = Array(repeating: [UInt8](), count: layout.files.count)
  func put(_ new: [UInt8], _ file: Int, _ offset: Int) {
    let missing = offset + new.count - files[file].count
    if missing > 0 { files[file] += Array(repeating: 0xEE, count: missing) }
    files[file].replaceSubrange(offset..<(offset + new.count), with: new)
  }
  for piece in layout.pieces { put(piece.bytes, piece.file, piece.offset) }
  for (placement, data) in zip(layout.placements, bytes) where !data.isEmpty {
    put(data, placement.file, placement.offset)
  }
  return Dictionary(uniqueKeysWithValues: zip(layout.files, files))
}

/// The error of an expression that must throw one.
func failure<T>(_ body: () throws(SmithError) -> T) -> SmithError? {
  do throws(SmithError) {
    _ = try body()
    Issue.record("no error")
    return nil
  } catch { return error }
}
