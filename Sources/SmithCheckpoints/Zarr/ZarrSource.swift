import SmithBytes
import SmithTensors

/// An open Zarr checkpoint.
struct ZarrSource: TensorSource {
  let container = Zarr.name
  let files: [String]
  let tensors: [TensorInfo]
  let metadata: [String: String] = [:]
  private let arrays: [String: (array: ZarrArray, info: TensorInfo)]
  private let chunks: ZarrChunks

  init(root: String, arrays: [ZarrArray]) throws(SmithError) {
    guard !arrays.isEmpty else {
      throw SmithError(.missing, "no array in the folder", at: Place(file: root))
    }
    files = arrays.map { $0.folder.appending(path: Zarr.arrayFile) }
    var tensors: [TensorInfo] = []
    var byName: [String: (array: ZarrArray, info: TensorInfo)] = [:]
    for array in arrays {
      do throws(SmithError) {
        let info = try Self.info(array)
        tensors.append(info)
        guard byName.updateValue((array, info), forKey: array.name) == nil else {
          throw SmithError(.mismatch, "two arrays of one name, apart only in Unicode spelling")
        }
      } catch {
        throw error.at(file: array.folder.appending(path: Zarr.arrayFile), item: array.name)
      }
    }
    self.tensors = tensors
    self.arrays = byName
    chunks = ZarrChunks(root: root)
    try checkExpansion(arrays)
  }

  func holds(_ name: String) -> Bool { arrays[name] != nil }

  private static func info(_ array: ZarrArray) throws(SmithError) -> TensorInfo {
    let (dtype, shape) = (array.metadata.dtype, array.metadata.shape)
    if dtype.bits > 0 { return try TensorInfo(name: array.name, dtype: dtype, shape: shape) }
    _ = try shape.elementCount()
    return TensorInfo(name: array.name, encoding: .plain(dtype), shape: shape, byteCount: 0)
  }

  /// A shape costs nothing to write down, and chunks that are not there are read as their fill value: what a folder claims to hold
  /// must be in some proportion to its files. They are only counted where it claims much.
  private func checkExpansion(_ arrays: [ZarrArray]) throws(SmithError) {
    var claimed = 0
    for tensor in tensors { claimed = try claimed.adding(checked: tensor.byteCount) }
    guard claimed > ZarrLimits.emptyBytes else { return }
    var stored = 0
    for array in arrays {
      stored = try stored.adding(checked: ZarrFolder.storedBytes(array.folder))
    }
    guard (claimed - ZarrLimits.emptyBytes) / ZarrLimits.expansion <= stored else {
      throw SmithError(
        .limit, "arrays of \(claimed) bytes in files of \(stored)", at: Place(file: files[0]))
    }
  }

  func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    guard let (array, info) = arrays[tensor.name], info == tensor else {
      throw SmithError(
        .missing, "no such array in the checkpoint", at: Place(file: files[0], item: tensor.name))
    }
    let (width, count) = (array.metadata.dtype.width, span.byteCount)
    guard width > 0 else {
      throw SmithError(
        .unsupported, "\(tensor.encoding.name) arrays hold no numbers to read",
        at: Place(file: array.folder, item: tensor.name))
    }
    guard offset >= 0, count <= tensor.byteCount, offset <= tensor.byteCount - count else {
      throw SmithError(
        .usage, "\(count) bytes at \(offset) of \(tensor.byteCount)", at: Place(item: tensor.name))
    }
    if count == 0 { return }
    let elements = (offset / width)..<((offset + count + width - 1) / width)
    let reader = ZarrReader(array: array, chunks: chunks)
    do throws(SmithError) {
      if elements.count * width == count {
        try reader.read(elements, into: &span)
      } else {
        // A range that cuts elements: whole ones, and a copy of the part.
        let bytes = try [UInt8](count: elements.count * width) { whole throws(SmithError) in
          try reader.read(elements, into: &whole)
        }
        let start = offset - elements.lowerBound * width
        span.copy(bytes, start..<(start + count), to: 0)
      }
    } catch { throw error.at(file: array.folder, item: tensor.name) }
  }
}
