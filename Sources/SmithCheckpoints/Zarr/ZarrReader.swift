import SmithBytes
import SmithTensors

/// Reads element ranges of one array out of its chunks.
struct ZarrReader {
  let array: ZarrArray
  let chunks: ZarrChunks
  private let grid: ChunkGrid
  private let width: Int
  private let chunkBytes: Int

  init(array: ZarrArray, chunks: ZarrChunks) {
    (self.array, self.chunks) = (array, chunks)
    let metadata = array.metadata
    grid = ChunkGrid(
      shape: metadata.shape, chunk: metadata.chunks, isFortran: metadata.isFortran)
    width = array.metadata.dtype.width
    chunkBytes = grid.chunk.reduce(width, *)
  }

  /// Fills `span` with the elements `range`, little endian; its length is theirs.
  func read(_ range: Range<Int>, into span: inout MutableRawSpan) throws(SmithError) {
    var coordinates = Odometer(grid.chunks(holding: range))
    while !coordinates.isDone {
      try read(coordinates.current, range, into: &span)
      coordinates.advance()
    }
    if array.metadata.isBigEndian {
      try ElementConversion.swapBytes(&span, of: array.metadata.dtype)
    }
  }

  private func read(
    _ coordinates: [Int], _ range: Range<Int>, into span: inout MutableRawSpan
  ) throws(SmithError) {
    guard let file = try chunks.file(array.folder.appending(path: name(coordinates))) else {
      let element = fillElement
      try grid.forEachRun(of: coordinates, in: range) { run throws(SmithError) in
        fill(run, element, range, &span)
      }
      return
    }
    if readsDirectly {
      guard file.count == chunkBytes else { throw ZarrChunks.wrongSize(file, chunkBytes) }
      try grid.forEachRun(of: coordinates, in: range) { run throws(SmithError) in
        let start = (run.elements.lowerBound - range.lowerBound) * width
        var part = span._mutatingExtracting(start..<(start + run.elements.count * width))
        try file.read(at: run.chunkStart * width, into: &part)
      }
      return
    }
    let bytes = try chunks.bytes(of: file, array.metadata.wrapper, count: chunkBytes)
    try grid.forEachRun(of: coordinates, in: range) { run throws(SmithError) in
      copy(run, bytes, range, &span)
    }
  }

  /// A chunk's file name: a chunk is the only one along an axis that was joined.
  private func name(_ coordinates: [Int]) -> String {
    if array.metadata.shape.isEmpty { return "0" }
    return (coordinates + [Int](repeating: 0, count: grid.joined)).map { String($0) }
      .joined(separator: array.metadata.separator)
  }

  /// Whether runs come straight out of the chunk's file: where there is nothing to undo, and runs are long enough to be worth a system call
  /// each, or the chunk too large to be loaded.
  private var readsDirectly: Bool {
    guard array.metadata.wrapper == nil, !array.metadata.isFortran else { return false }
    return (grid.chunk.last ?? 1) * width >= 4096 || chunkBytes > ZarrLimits.chunkBytes
  }

  /// As the file would have it: `read` turns all bytes at the end.
  private var fillElement: [UInt8] {
    let element = array.metadata.fill ?? [UInt8](repeating: 0, count: width)
    guard array.metadata.isBigEndian else { return element }
    let isComplex = array.metadata.dtype == .c64 || array.metadata.dtype == .c128
    if !isComplex { return element.reversed() }
    return element[..<(width / 2)].reversed() + element[(width / 2)...].reversed()
  }

  private func fill(
    _ run: ChunkGrid.Run, _ element: [UInt8], _ range: Range<Int>, _ span: inout MutableRawSpan
  ) {
    let start = (run.elements.lowerBound - range.lowerBound) * width
    // Doubling the copied part: a run may be the whole tensor.
    span.withUnsafeMutableBytes { buffer in
      let count = run.elements.count * width
      for (index, byte) in element.enumerated() { buffer[start + index] = byte }
      var done = width
      while done < count {
        let step = min(done, count - done)
        buffer.baseAddress.map {
          $0.advanced(by: start + done).copyMemory(from: $0.advanced(by: start), byteCount: step)
        }
        done += step
      }
    }
  }

  private func copy(
    _ run: ChunkGrid.Run, _ bytes: [UInt8], _ range: Range<Int>, _ span: inout MutableRawSpan
  ) {
    let target = (run.elements.lowerBound - range.lowerBound) * width
    if run.step == 1 {
      let start = run.chunkStart * width
      span.copy(bytes, start..<(start + run.elements.count * width), to: target)
      return
    }
    for index in 0..<run.elements.count {
      let start = (run.chunkStart + index * run.step) * width
      span.copy(bytes, start..<(start + width), to: target + index * width)
    }
  }
}
