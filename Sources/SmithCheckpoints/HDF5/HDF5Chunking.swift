import CHDF5
import SmithBytes
import SmithTensors

/// How a chunked dataset is cut up and what was done to each piece.
struct HDF5Chunking: Hashable, Sendable {
  /// Elements along each dimension, of the tensor and of one chunk.
  var shape: [Int]
  var chunk: [Int]
  var grid: ChunkGrid
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

  /// The bytes of `shape` were counted without overflow. `.malformed` where it holds nothing.
  init(
    shape: [Int], chunk: [Int], elementSize: Int, filters: [HDF5Filter],
    leavesPartialUnfiltered: Bool
  ) throws(SmithError) {
    guard shape.count == chunk.count, !shape.isEmpty, !shape.contains(0), elementSize > 0 else {
      throw SmithError(.malformed, "chunks \(chunk) of the shape \(shape)")
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
    grid = ChunkGrid(shape: shape, chunk: chunk)
    self.elementSize = elementSize
    chunkBytes = bytes
    self.filters = filters
    self.leavesPartialUnfiltered = leavesPartialUnfiltered
  }

  /// The number of chunks that the shape has room for; no more than it has elements.
  var cells: Int { grid.counts.reduce(1, *) }

  /// The number of a chunk, row-major.
  func number(of coordinates: [Int]) -> Int {
    zip(coordinates, grid.counts).reduce(0) { $0 * $1.1 + $1.0 }
  }
}
