import CHDF5
import SmithBytes

/// A file open twice: by libhdf5 for its metadata, by us for raw data. Closes with the last reference, outside the lock.
final class HDF5File: Sendable {
  /// Positioned reads of raw data, from any thread.
  let raw: InputFile
  let id: hid_t
  /// Bytes before the HDF5 data that chunk addresses do not count; 0 where the library adds them itself.
  let chunkBase: Int

  init(_ path: String) throws(SmithError) {
    raw = try InputFile(path)
    do throws(SmithError) {
      (id, chunkBase) = try HDF5Library.use { () throws(SmithError) in try Self.open(path) }
    } catch { throw error.at(file: path) }
  }

  deinit { HDF5Library.close(file: id) }

  private static func open(_ path: String) throws(SmithError) -> (hid_t, Int) {
    let access = try HDF5Handle(
      H5Pcreate(ws_h5p_file_access()), "no file access list", close: H5Pclose)
    // The plain driver whatever the environment says; a file system without locks is still readable.
    guard H5Pset_fapl_sec2(access.id) >= 0, H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG) >= 0,
      ws_h5p_disable_file_locking(access.id) >= 0
    else { throw HDF5Library.failure("the file access list") }
    let file = H5Fopen(path, ws_h5f_read_only(), access.id)
    guard file >= 0 else { throw HDF5Library.failure("not a readable HDF5 file") }
    do throws(SmithError) {
      let creation = try HDF5Handle(H5Fget_create_plist(file), "no superblock", close: H5Pclose)
      var userBlock: hsize_t = 0
      guard H5Pget_userblock(creation.id, &userBlock) >= 0 else {
        throw HDF5Library.failure("no user block size")
      }
      return (file, HDF5Library.chunkAddressesSkipUserBlock() ? try Int(checked: userBlock) : 0)
    } catch {
      _ = H5Fclose(file)
      throw error
    }
  }

  /// Runs `body` alone in the library, and names this file in its errors.
  func use<Value>(_ body: (hid_t) throws(SmithError) -> Value) throws(SmithError) -> Value {
    do throws(SmithError) {
      return try HDF5Library.use { () throws(SmithError) in try body(id) }
    } catch { throw error.at(file: raw.path) }
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
