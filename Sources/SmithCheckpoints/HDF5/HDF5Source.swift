import CHDF5
import SmithBytes
import SmithTensors

/// The tensors of one HDF5 file, named by their full path without the leading slash, aliases included.
public struct HDF5Source: TensorSource {
  public let container = "hdf5"
  public let files: [String]
  public let tensors: [TensorInfo]
  /// The text attributes of the root group (`backend`, `keras_version`, `layer_names`); lists one item per line.
  public let metadata: [String: String]

  private let file: HDF5File
  private let datasets: [String: HDF5Dataset]
  private let indexes = HDF5ChunkIndexes()

  /// Opens a file and reads its metadata.
  public init(_ path: String) throws(SmithError) {
    let file = try HDF5File(path)
    let (found, metadata) = try file.use { (id) throws(SmithError) in
      var walk = HDF5Walk(file.raw)
      try walk.run(id)
      return (walk.datasets, try Self.rootAttributes(id))
    }
    var datasets: [String: HDF5Dataset] = [:]
    for dataset in found where datasets.updateValue(dataset, forKey: dataset.info.name) != nil {
      throw SmithError(
        .mismatch, "a name used twice", at: Place(file: path, item: dataset.info.name))
    }
    self.file = file
    self.files = [path]
    self.metadata = metadata
    self.datasets = datasets
    self.tensors = Self.inFileOrder(found).map(\.info)
  }

  /// By the place of their bytes where that is known, then the others by name.
  private static func inFileOrder(_ datasets: [HDF5Dataset]) -> [HDF5Dataset] {
    datasets.sorted {
      ($0.position ?? .max, $0.info.name) < ($1.position ?? .max, $1.info.name)
    }
  }

  private static func rootAttributes(_ file: hid_t) throws(SmithError) -> [String: String] {
    let root = try HDF5Walk.open("", in: file)
    var result: [String: String] = [:]
    for name in try HDF5Attributes.names(of: root.id, item: "/") {
      let strings = try HDF5Attributes.strings(name, of: root.id, item: "/") ?? []
      if !strings.isEmpty { result[name] = strings.joined(separator: "\n") }
    }
    for name in ["layer_names", "weight_names"] where result[name] == nil {
      guard let parts = try HDF5Attributes.list(name, of: root.id, item: "/"), !parts.isEmpty
      else { continue }
      result[name] = parts.joined(separator: "\n")
    }
    return result
  }

  /// The strings of a group's (or dataset's) attribute, with the parts `NAME0`, `NAME1`, … of a list that Keras split put
  /// together; nil where there is none, empty where it is no text. `group` is a path without the leading slash.
  public func strings(
    _ attribute: String, of group: String = ""
  ) throws(SmithError) -> [String]? {
    try file.use { (id) throws(SmithError) in
      let object = try HDF5Walk.open(group, in: id)
      return try HDF5Attributes.list(attribute, of: object.id, item: group)
    }
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
    } catch { throw error.at(file: file.raw.path, item: tensor.name) }
  }

  private func read(
    _ dataset: HDF5Dataset, _ range: Range<Int>, into span: inout MutableRawSpan
  ) throws(SmithError) {
    if case .refused(let kind, let why) = dataset.layout { throw SmithError(kind, why) }
    if case .contiguous(let start) = dataset.layout, dataset.type.swapWidth == 1 {
      return try file.raw.read(at: start + range.lowerBound, into: &span)
    }
    // Everything else works on whole elements.
    let size = dataset.type.size
    let elements = (range.lowerBound / size)..<((range.upperBound + size - 1) / size)
    if range.lowerBound % size == 0, range.upperBound % size == 0 {
      return try read(dataset, elements: elements, into: &span)
    }
    var whole = [UInt8](repeating: 0, count: elements.count * size)
    var wholeSpan = whole.mutableSpan
    var raw = wholeSpan.mutableBytes
    try read(dataset, elements: elements, into: &raw)
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
      try file.raw.read(at: start + elements.lowerBound * size, into: &span)
      HDF5Bytes.reverse(&span, each: swapWidth)
    case .compact:
      var bytes = try compact(dataset)
      HDF5Bytes.reverse(&bytes, each: swapWidth)
      let range = (elements.lowerBound * size)..<(elements.upperBound * size)
      HDF5Bytes.copy(bytes, range, into: &span, at: 0)
    case .chunked(let chunking):
      let index = try indexes.index(of: dataset.info.name, chunking, in: file)
      let reader = HDF5ChunkReader(file: file, dataset: dataset, chunking: chunking, index: index)
      try reader.read(elements, into: &span)
    }
  }

  /// The bytes of a compact dataset, which are in its object header.
  private func compact(_ dataset: HDF5Dataset) throws(SmithError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: dataset.info.byteCount)
    try file.use { (id) throws(SmithError) in
      let object = try HDF5Walk.open(dataset.info.name, in: id)
      let type = try HDF5Handle(H5Dget_type(object.id), "no datatype", close: H5Tclose)
      // H5S_ALL twice: the whole dataset into the whole buffer, in the file's own type, so that nothing is converted.
      guard H5Dget_storage_size(object.id) == bytes.count,
        H5Dread(object.id, type.id, 0, 0, hid_t(H5P_DEFAULT), &bytes) >= 0
      else { throw HDF5Library.failure("compact data that cannot be read") }
    }
    return bytes
  }
}
