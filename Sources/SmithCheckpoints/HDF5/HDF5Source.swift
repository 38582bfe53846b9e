import SmithBytes
import SmithTensors

/// The tensors of one HDF5 file, named by their full path without the leading slash, aliases included.
public struct HDF5Source: TensorSource {
  public let container: String
  public let files: [String]
  public let tensors: [TensorInfo]
  /// The text attributes of the root group (`backend`, `keras_version`, `layer_names`); lists one item per line.
  public let metadata: [String: String]
  public let notes: [String]

  let contents: HDF5Contents
  private let raw: HDF5Raw
  private let datasets: [String: HDF5Dataset]

  /// Opens a file and reads its metadata.
  public init(_ path: String, options: OpenOptions = OpenOptions()) throws(SmithError) {
    try self.init(HDF5Raw(try InputFile(path)), container: HDF5.name, options: options)
  }

  /// A file that is a part of another one; errors and `files` name `path`.
  init(
    _ raw: HDF5Raw, container: String, path: String? = nil, options: OpenOptions
  ) throws(SmithError) {
    let path = path ?? raw.path
    let found: HDF5Metadata
    do throws(SmithError) { found = try HDF5Metadata(of: raw, options.hdf5) } catch {
      throw error.at(file: path)
    }
    try self.init(raw, found, container: container, path: path)
  }

  /// What a walk found, checked against `raw`.
  init(
    _ raw: HDF5Raw, _ found: HDF5Metadata, container: String, path: String
  ) throws(SmithError) {
    do throws(SmithError) {
      var datasets: [String: HDF5Dataset] = [:]
      for dataset in found.datasets { datasets[dataset.info.name] = dataset }
      for (alias, tensor) in zip(found.datasetAliases, try found.aliases()) {
        datasets[tensor.name] = found.datasets[alias.target]
        datasets[tensor.name]?.info = tensor
      }
      self.raw = raw
      self.datasets = datasets
      self.container = container
      files = [path]
      contents = HDF5Contents(found)
      tensors = Self.inFileOrder(Array(datasets.values)).map(\.info)
      metadata = contents.rootMetadata
      notes = HDF5Notes.of(found, contents)
    } catch { throw error.at(file: path) }
  }

  /// By the place of their bytes where that is known, then the others by name.
  private static func inFileOrder(_ datasets: [HDF5Dataset]) -> [HDF5Dataset] {
    datasets.sorted {
      ($0.position ?? .max, $0.info.name) < ($1.position ?? .max, $1.info.name)
    }
  }

  /// The strings of a group's (or dataset's) attribute, with the parts `NAME0`, `NAME1`, … of a list that Keras split put
  /// together; nil where there is none, empty where it is no text. `group` is a path without the leading slash.
  public func strings(
    _ attribute: String, of group: String = ""
  ) throws(SmithError) -> [String]? {
    guard contents.contains(group) else {
      throw SmithError(.missing, "no such object", at: Place(file: files[0], item: group))
    }
    return contents.strings(attribute, of: group)
  }

  public func read(
    _ tensor: TensorInfo, at offset: Int, into span: inout MutableRawSpan
  ) throws(SmithError) {
    do throws(SmithError) {
      guard let dataset = datasets[tensor.name] else {
        throw SmithError(.missing, "no such tensor")
      }
      let end = try offset.adding(checked: span.byteCount)
      guard offset >= 0, end <= dataset.info.byteCount else {
        throw SmithError(
          .usage, "bytes \(offset) to \(end) wanted of \(dataset.info.byteCount)")
      }
      try read(dataset, offset..<end, into: &span)
    } catch { throw error.at(file: files[0], item: tensor.name) }
  }

  private func read(
    _ dataset: HDF5Dataset, _ range: Range<Int>, into span: inout MutableRawSpan
  ) throws(SmithError) {
    if case .refused(let kind, let why) = dataset.layout { throw SmithError(kind, why) }
    if case .contiguous(let start) = dataset.layout, dataset.type.swapWidth == 1 {
      return try raw.read(at: start + range.lowerBound, into: &span)
    }
    // Everything else works on whole elements.
    let size = dataset.type.size
    let elements = (range.lowerBound / size)..<((range.upperBound + size - 1) / size)
    if range.lowerBound % size == 0, range.upperBound % size == 0 {
      return try read(dataset, elements: elements, into: &span)
    }
    var whole = [UInt8](repeating: 0, count: elements.count * size)
    var wholeSpan = whole.mutableSpan
    var bytes = wholeSpan.mutableBytes
    try read(dataset, elements: elements, into: &bytes)
    let start = range.lowerBound % size
    HDF5Bytes.copy(whole, start..<(start + range.count), into: &span, at: 0)
  }

  private func read(
    _ dataset: HDF5Dataset, elements: Range<Int>, into span: inout MutableRawSpan
  ) throws(SmithError) {
    let (size, swapWidth) = (dataset.type.size, dataset.type.swapWidth)
    switch dataset.layout {
    case .refused(let kind, let why): throw SmithError(kind, why)
    case .fill: HDF5Bytes.fill(&span, with: dataset.fillValue)
    case .contiguous(let start):
      try raw.read(at: start + elements.lowerBound * size, into: &span)
      HDF5Bytes.reverse(&span, each: swapWidth)
    case .compact(let bytes):
      let range = (elements.lowerBound * size)..<(elements.upperBound * size)
      HDF5Bytes.copy(bytes, range, into: &span, at: 0)
      HDF5Bytes.reverse(&span, each: swapWidth)
    case .chunked(let chunking, let index):
      let reader = HDF5ChunkReader(raw: raw, dataset: dataset, chunking: chunking, index: index)
      try reader.read(elements, into: &span)
    }
  }
}
