import CHDF5
import SmithBytes
import SmithTensors

/// One dataset under one of its names: type, shape, and where its bytes are.
struct HDF5Dataset: Hashable, Sendable {
  enum Layout: Hashable, Sendable {
    /// Raw bytes from this offset in the file.
    case contiguous(at: Int)
    /// Raw bytes in the object header, at most 64 KB: here they are, in the file's order.
    case compact([UInt8])
    case chunked(HDF5Chunking, HDF5ChunkIndex)
    /// Never written: every element is the fill value.
    case fill
    /// Listed but not readable, and why.
    case refused(SmithError.Kind, String)
  }

  var info: TensorInfo
  var type: HDF5Datatype
  var layout: Layout
  /// One element, little endian.
  var fillValue: [UInt8]

  /// The place in the file that orders tensors; nil where only an index knows it.
  var position: Int? {
    if case .contiguous(let offset) = layout { offset } else { nil }
  }

  /// Whether its values are in other files.
  var isElsewhere: Bool {
    if case .refused(.refused, _) = layout { true } else { false }
  }

  /// More dimensions than a tensor has, in any model.
  static let maximumRank = 16

  /// A name that stands for something we never open.
  static func refused(
    _ name: String, _ kind: SmithError.Kind, _ why: String
  ) throws(SmithError) -> HDF5Dataset {
    HDF5Dataset(
      info: try TensorInfo(name: name, dtype: .opaque, shape: []),
      type: .opaque,
      layout: .refused(kind, why), fillValue: [])
  }
}

extension HDF5Dataset {
  /// Describes an open dataset; nil for a null dataspace, which holds nothing.
  ///
  /// The creation list is read first: asking a virtual dataset for its shape would open other files.
  static func describe(
    _ dataset: hid_t, name: String, in file: borrowing HDF5File
  ) throws(SmithError) -> HDF5Dataset? {
    let creation = try HDF5Handle(
      H5Dget_create_plist(dataset), "no creation list", item: name, close: H5Pclose)
    let kind = H5Pget_layout(creation.id)
    if kind == H5D_VIRTUAL {
      return try refused(name, .refused, "a virtual dataset: its values are in other files")
    }
    let typeID = try HDF5Handle(H5Dget_type(dataset), "no datatype", item: name, close: H5Tclose)
    let annotation = try HDF5Attributes.strings("dtype", of: dataset, item: name)?.first
    let type = HDF5Datatype(typeID.id, annotation: annotation)
    guard let shape = try shape(of: dataset, name: name) else { return nil }
    let info = try TensorInfo(name: name, dtype: type.dtype, shape: shape)
    var result = HDF5Dataset(info: info, type: type, layout: .fill, fillValue: [])
    guard type.size > 0 else {
      result.layout = .refused(
        .unsupported, type.dtype == .string ? "text has no numbers" : "a datatype we do not read")
      return result
    }
    if H5Pget_external_count(creation.id) > 0 {
      result.layout = .refused(.refused, "external storage: its values are in other files")
      return result
    }
    result.fillValue = fillValue(creation.id, type: typeID.id, as: type)
    result.layout = try layout(kind, dataset, creation.id, result, file)
    return result
  }

  private static func shape(of dataset: hid_t, name: String) throws(SmithError) -> [Int]? {
    let space = try HDF5Handle(H5Dget_space(dataset), "no dataspace", item: name, close: H5Sclose)
    switch H5Sget_simple_extent_type(space.id) {
    case H5S_NULL: return nil
    case H5S_SCALAR: return []
    case H5S_SIMPLE: break
    default: throw HDF5Library.failure("a dataspace of no known class", item: name)
    }
    let rank = Int(H5Sget_simple_extent_ndims(space.id))
    guard rank >= 0 else { throw HDF5Library.failure("a dataspace without a rank", item: name) }
    guard rank <= maximumRank else {
      throw SmithError(
        .limit, "\(rank) dimensions, at most \(maximumRank)", at: Place(item: name))
    }
    if rank == 0 { return [] }
    var dimensions = [hsize_t](repeating: 0, count: rank)
    guard H5Sget_simple_extent_dims(space.id, &dimensions, nil) == rank else {
      throw HDF5Library.failure("a dataspace without dimensions", item: name)
    }
    var shape: [Int] = []
    for dimension in dimensions {
      do throws(SmithError) { shape.append(try Int(checked: dimension)) } catch {
        throw error.at(item: name)
      }
    }
    return shape
  }

  /// One element as the file would fill it, little endian; zeros where no value is defined.
  private static func fillValue(
    _ creation: hid_t, type: hid_t, as datatype: HDF5Datatype
  ) -> [UInt8] {
    let zeros = [UInt8](repeating: 0, count: datatype.size)
    var defined = H5D_FILL_VALUE_UNDEFINED
    guard H5Pfill_value_defined(creation, &defined) >= 0,
      defined == H5D_FILL_VALUE_USER_DEFINED, H5Tget_size(type) == datatype.size
    else { return zeros }
    var value = zeros
    guard H5Pget_fill_value(creation, type, &value) >= 0 else { return zeros }
    HDF5Bytes.reverse(&value, each: datatype.swapWidth)
    return value
  }

  private static func layout(
    _ kind: H5D_layout_t, _ dataset: hid_t, _ creation: hid_t, _ described: HDF5Dataset,
    _ file: borrowing HDF5File
  ) throws(SmithError) -> Layout {
    let info = described.info
    switch kind {
    case H5D_COMPACT:
      let stored = H5Dget_storage_size(dataset)
      guard stored == info.byteCount, stored <= 65_536 else {
        throw SmithError(
          .malformed, "\(stored) compact bytes for \(info.byteCount)", at: Place(item: info.name))
      }
      return .compact(try compact(dataset, count: info.byteCount, name: info.name))
    case H5D_CONTIGUOUS: return try contiguous(dataset, info)
    case H5D_CHUNKED: return try chunked(dataset, creation, described, file)
    default: throw HDF5Library.failure("a layout of no known class", item: info.name)
    }
  }

  private static func compact(
    _ dataset: hid_t, count: Int, name: String
  ) throws(SmithError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let type = try HDF5Handle(H5Dget_type(dataset), "no datatype", item: name, close: H5Tclose)
    // H5S_ALL twice: the whole dataset into the whole buffer, in the file's own type, so that nothing is converted.
    guard H5Dread(dataset, type.id, 0, 0, hid_t(H5P_DEFAULT), &bytes) >= 0 else {
      throw HDF5Library.failure("compact data that cannot be read", item: name)
    }
    return bytes
  }

  private static func chunked(
    _ dataset: hid_t, _ creation: hid_t, _ described: HDF5Dataset, _ file: borrowing HDF5File
  ) throws(SmithError) -> Layout {
    let info = described.info
    let found = try HDF5Chunking.describe(
      creation, info: info, elementSize: described.type.size)
    guard let found else { return .fill }
    switch found {
    case .failure(let refusal): return .refused(refusal.kind, refusal.why)
    case .success(let chunking):
      let limit = Double(file.source.pointee.count) * 1100 + Double(64 << 20)
      guard Double(info.byteCount) <= limit else {
        throw SmithError(
          .limit, "\(info.byteCount) bytes of tensors in a file of \(file.source.pointee.count)",
          at: Place(item: info.name))
      }
      do throws(SmithError) {
        return .chunked(chunking, try HDF5ChunkIndex.read(dataset, chunking, in: file))
      } catch { throw error.at(item: info.name) }
    }
  }

  private static func contiguous(
    _ dataset: hid_t, _ info: TensorInfo
  ) throws(SmithError) -> Layout {
    let address = H5Dget_offset(dataset)
    if address == haddr_t.max || info.byteCount == 0 { return .fill }
    let stored = H5Dget_storage_size(dataset)
    guard let offset = Int(exactly: address), stored >= info.byteCount else {
      throw SmithError(
        .malformed, "\(stored) bytes stored for \(info.byteCount)", at: Place(item: info.name))
    }
    return .contiguous(at: offset)
  }
}
