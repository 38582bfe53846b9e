import CHDF5
import SmithBytes

/// A file that libhdf5 has open, through our own driver. Lives only inside `HDF5Library.use`.
struct HDF5File: ~Copyable {
  let id: hid_t
  /// What our driver works on: the library's only way to the bytes.
  let source: UnsafeMutablePointer<ws_h5_source>
  let userBlock: UInt64

  /// Opens the file, lends it to `body`, and closes everything.
  static func with<Value>(
    _ raw: HDF5Raw, _ body: (borrowing HDF5File) throws(SmithError) -> Value
  ) throws(SmithError) -> Value {
    try HDF5Library.use { (driver) throws(SmithError) in
      let file = try HDF5File(raw, driver: driver)
      return try body(file)
    }
  }

  private init(_ raw: HDF5Raw, driver: hid_t) throws(SmithError) {
    source = .allocate(capacity: 1)
    source.initialize(to: ws_h5_source())
    source.pointee.descriptor = raw.file.descriptor
    source.pointee.start = UInt64(raw.start)
    source.pointee.count = UInt64(raw.count)
    do throws(SmithError) { (id, userBlock) = try Self.open(source, driver) } catch {
      source.deallocate()
      throw error
    }
  }

  deinit {
    _ = H5Fclose(id)
    source.deallocate()
  }

  private static func open(
    _ source: UnsafeMutablePointer<ws_h5_source>, _ driver: hid_t
  ) throws(SmithError) -> (hid_t, UInt64) {
    let access = try HDF5Handle(
      H5Pcreate(ws_h5p_file_access()), "no file access list", close: H5Pclose)
    guard ws_h5p_set_source(access.id, driver, source) >= 0,
      H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG) >= 0
    else { throw HDF5Library.failure("the file access list") }
    let file = H5Fopen("the file", ws_h5f_read_only(), access.id)
    guard file >= 0 else { throw HDF5Library.failure("not a readable HDF5 file") }
    do throws(SmithError) {
      let creation = try HDF5Handle(H5Fget_create_plist(file), "no superblock", close: H5Pclose)
      var userBlock: hsize_t = 0
      guard H5Pget_userblock(creation.id, &userBlock) >= 0 else {
        throw HDF5Library.failure("no user block size")
      }
      return (file, UInt64(userBlock))
    } catch {
      _ = H5Fclose(file)
      throw error
    }
  }

  /// Opens an object by its path from the root; external links on the way fail.
  func open(_ path: String) throws(SmithError) -> HDF5Handle {
    let access = try Self.linkAccess()
    return try HDF5Handle(
      H5Oopen(id, "/\(path)", access.id), "an object that cannot be opened", item: path,
      close: H5Oclose)
  }

  /// A property list under which external links fail instead of opening another file.
  static func linkAccess() throws(SmithError) -> HDF5Handle {
    let access = try HDF5Handle(
      H5Pcreate(ws_h5p_link_access()), "no link access list", close: H5Pclose)
    guard ws_h5p_refuse_external_links(access.id) >= 0 else {
      throw HDF5Library.failure("the link access list")
    }
    return access
  }
}
