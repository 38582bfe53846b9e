import CHDF5
import SmithBytes
import SmithTensors

/// An HDF5 file without its tensors' bytes: where each tensor goes, and everything else that is in the file.
///
/// libhdf5 makes the file, sparse, in the folder for temporary files: contiguous datasets get their space when they are created and
/// are never filled. No times are kept, so the same tensors give the same bytes.
struct HDF5Skeleton {
  /// Where each tensor's bytes begin, in the order given.
  var offsets: [Int]
  /// All bytes that are no tensor's.
  var gaps: [(offset: Int, bytes: [UInt8])]

  static func make(
    _ tensors: [TensorInfo], names: HDF5Names, metadata: [String: String]
  ) throws(SmithError) -> HDF5Skeleton {
    let temporary = try TemporaryFile()
    let offsets = try HDF5Library.use { _ throws(SmithError) in
      try build(tensors, names, metadata, at: temporary.path)
    }
    // Opened once it is whole: its size is fixed from here on.
    let file = try InputFile(temporary.path)
    var gaps: [(offset: Int, bytes: [UInt8])] = []
    var end = 0
    let runs = zip(offsets, tensors).filter { $1.byteCount > 0 }.map { ($0, $0 + $1.byteCount) }
    for (start, next) in runs.sorted(by: { $0.0 < $1.0 }) + [(file.count, file.count)] {
      guard start >= end else {
        throw SmithError(.io, "libhdf5 placed a tensor at \(start), before \(end)")
      }
      if start > end { gaps.append((end, try file.bytes(end..<start))) }
      end = next
    }
    return HDF5Skeleton(offsets: offsets, gaps: gaps)
  }

  private static func build(
    _ tensors: [TensorInfo], _ names: HDF5Names, _ metadata: [String: String], at path: String
  ) throws(SmithError) -> [Int] {
    let access = try HDF5Handle(
      H5Pcreate(ws_h5p_file_access()), "no file access list", close: H5Pclose)
    guard H5Pset_fapl_sec2(access.id) >= 0, H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG) >= 0
    else { throw HDF5Library.failure("the file access list") }
    let file = H5Fcreate(path, ws_h5f_truncate(), hid_t(H5P_DEFAULT), access.id)
    guard file >= 0 else { throw failure("a temporary file", path) }
    var offsets: [Int] = []
    do throws(SmithError) {
      for (tensor, path) in zip(tensors, names.paths) {
        offsets.append(try add(tensor, at: path, to: file))
      }
      for link in names.links { try add(link, to: file) }
      try HDF5AttributeWriter.write(names, metadata, to: file)
    } catch {
      _ = H5Fclose(file)
      throw error
    }
    guard H5Fclose(file) >= 0 else { throw failure("a temporary file", path) }
    return offsets
  }

  private static func add(
    _ tensor: TensorInfo, at path: String, to file: hid_t
  ) throws(SmithError) -> Int {
    let item = tensor.name
    let type = try HDF5TypeWriter.type(tensor)
    let space = try HDF5Handle(
      tensor.shape.isEmpty
        ? H5Screate(H5S_SCALAR)
        : H5Screate_simple(Int32(tensor.shape.count), tensor.shape.map { hsize_t($0) }, nil),
      "a dataspace of \(tensor.shape)", item: item, close: H5Sclose)
    let creation = try HDF5Handle(
      H5Pcreate(ws_h5p_dataset_creation()), "no creation list", close: H5Pclose)
    let linking = try HDF5Handle(
      H5Pcreate(ws_h5p_link_creation()), "no link creation list", close: H5Pclose)
    guard H5Pset_layout(creation.id, H5D_CONTIGUOUS) >= 0,
      H5Pset_alloc_time(creation.id, H5D_ALLOC_TIME_EARLY) >= 0,
      H5Pset_fill_time(creation.id, H5D_FILL_TIME_NEVER) >= 0,
      H5Pset_obj_track_times(creation.id, false) >= 0,
      H5Pset_create_intermediate_group(linking.id, 1) >= 0
    else { throw HDF5Library.failure("the creation lists") }
    let dataset = try HDF5Handle(
      H5Dcreate2(file, path, type.id, space.id, linking.id, creation.id, hid_t(H5P_DEFAULT)),
      "a dataset that cannot be made", item: item, close: H5Dclose)
    if tensor.encoding == .plain(.bf16) {
      try HDF5AttributeWriter.text("bfloat16", as: "dtype", of: dataset.id)
    }
    if tensor.byteCount == 0 { return 0 }
    let address = H5Dget_offset(dataset.id)
    guard address != haddr_t.max, Int(H5Dget_storage_size(dataset.id)) == tensor.byteCount else {
      throw HDF5Library.failure("a dataset without its space", item: item)
    }
    return try Int(checked: address)
  }

  private static func add(
    _ link: (path: String, target: String), to file: hid_t
  ) throws(SmithError) {
    let linking = try HDF5Handle(
      H5Pcreate(ws_h5p_link_creation()), "no link creation list", close: H5Pclose)
    guard H5Pset_create_intermediate_group(linking.id, 1) >= 0,
      H5Lcreate_soft("/" + link.target, file, link.path, linking.id, hid_t(H5P_DEFAULT)) >= 0
    else { throw HDF5Library.failure("a link", item: link.path) }
  }

  private static func failure(_ what: String, _ path: String) -> SmithError {
    let error = HDF5Library.failure(what)
    return SmithError(.io, error.detail, at: Place(file: path))
  }
}
