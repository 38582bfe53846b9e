import CHDF5
import SmithBytes
import SmithTensors

/// How a chunked dataset is cut up and what was done to each piece.
struct HDF5Chunking: Hashable, Sendable {
  /// Elements along each dimension, of the tensor, of one chunk, and the number of chunks.
  var shape: [Int]
  var chunk: [Int]
  var grid: [Int]
  var elementSize: Int
  /// Bytes of one chunk as the dataset sees it; chunks at the edge are stored whole.
  var chunkBytes: Int
  /// In the order in which the writer applied them.
  var filters: [HDF5Filter]
  /// Chunks that reach past the shape were stored without any filter (an option of the 1.10 file format).
  var leavesPartialUnfiltered: Bool

  /// One chunk is decoded in memory at a time, per reading thread.
  static let maximumChunkBytes = 256 << 20

  /// Reads the creation list of a chunked dataset, all of whose numbers come from the file.
  static func describe(
    _ creation: hid_t, info: TensorInfo, elementSize: Int
  ) throws(SmithError) -> Result<HDF5Chunking, Refusal>? {
    let place = Place(item: info.name)
    let rank = info.shape.count
    var dimensions = [hsize_t](repeating: 0, count: max(rank, 1))
    guard rank > 0, Int(H5Pget_chunk(creation, Int32(rank), &dimensions)) == rank else {
      throw SmithError(.malformed, "chunks of another rank than the shape", at: place)
    }
    if info.byteCount == 0 { return nil }
    let filters: [HDF5Filter]
    do throws(SmithError) { filters = try HDF5Filter.pipeline(creation) } catch {
      if error.kind == .unsupported {
        return .failure(Refusal(kind: error.kind, why: error.detail))
      }
      throw error.at(item: info.name)
    }
    var options: UInt32 = 0
    _ = H5Pget_chunk_opts(creation, &options)
    do throws(SmithError) {
      return .success(
        try HDF5Chunking(
          shape: info.shape,
          chunk: dimensions.map { dimension throws(SmithError) in
            try Int(checked: dimension)
          },
          elementSize: elementSize, filters: filters,
          leavesPartialUnfiltered: options & UInt32(H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS) != 0))
    } catch { throw error.at(item: info.name) }
  }

  /// Why a dataset can be listed but not read.
  struct Refusal: Error {
    var kind: SmithError.Kind
    var why: String
  }

  /// `shape` holds at least one element, whose bytes were counted without overflow.
  init(
    shape: [Int], chunk: [Int], elementSize: Int, filters: [HDF5Filter],
    leavesPartialUnfiltered: Bool
  ) throws(SmithError) {
    guard shape.count == chunk.count, !shape.isEmpty, elementSize > 0 else {
      throw SmithError(.malformed, "chunks of another rank than the shape")
    }
    var bytes = elementSize
    for length in chunk {
      guard length > 0, length <= Self.maximumChunkBytes / bytes else {
        throw SmithError(.limit, "chunks of \(chunk), at most \(Self.maximumChunkBytes) bytes")
      }
      bytes *= length
    }
    self.shape = shape
    self.chunk = chunk
    grid = zip(shape, chunk).map { ($0 - 1) / $1 + 1 }
    self.elementSize = elementSize
    chunkBytes = bytes
    self.filters = filters
    self.leavesPartialUnfiltered = leavesPartialUnfiltered
  }

  /// The number of chunks that the shape has room for; no more than it has elements.
  var cells: Int { grid.reduce(1, *) }

  /// The number of a chunk, row-major over the grid.
  func number(of coordinates: [Int]) -> Int {
    zip(coordinates, grid).reduce(0) { $0 * $1.1 + $1.0 }
  }

  /// Whether a chunk reaches past the shape.
  func isPartial(_ coordinates: [Int]) -> Bool {
    coordinates.indices.contains { (coordinates[$0] + 1) * chunk[$0] > shape[$0] }
  }

  /// The grid coordinates of every chunk that holds an element of `range` (row-major element numbers, not empty), and
  /// few others: the box around the first and the last element.
  func chunks(holding range: Range<Int>) -> [Range<Int>] {
    let low = coordinates(of: range.lowerBound)
    let high = coordinates(of: range.upperBound - 1)
    var box: [Range<Int>] = []
    var isWhole = false
    for axis in shape.indices {
      if isWhole {
        box.append(0..<grid[axis])
      } else {
        box.append((low[axis] / chunk[axis])..<(high[axis] / chunk[axis] + 1))
        isWhole = low[axis] != high[axis]
      }
    }
    return box
  }

  private func coordinates(of element: Int) -> [Int] {
    var rest = element
    var result = [Int](repeating: 0, count: shape.count)
    for axis in shape.indices.reversed() {
      result[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    return result
  }
}
