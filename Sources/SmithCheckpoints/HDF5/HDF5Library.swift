import CHDF5
import SmithBytes
import Synchronization

/// The one door to libhdf5. The library keeps global state and is not always built thread-safe, so every call, in any
/// build of it, happens inside `HDF5Library.use`.
enum HDF5Library {
  /// The id of our file driver once the library has started.
  private static let lock = Mutex<hid_t?>(nil)

  /// Runs `body` alone in the library. Never nest: the lock is not recursive.
  ///
  /// The error printing of libhdf5 is per thread in thread-safe builds, so it is silenced on every entry. Filter plugins
  /// are shared objects found through a path of the environment: a file could choose code to run, so they stay off.
  static func use<Value>(
    _ body: (_ driver: hid_t) throws(SmithError) -> Value
  ) throws(SmithError) -> Value {
    let result: Result<Value, SmithError> = lock.withLock { driver in
      H5Eset_auto2(hid_t(H5E_DEFAULT), nil, nil)
      do throws(SmithError) {
        let registered: hid_t
        if let driver { registered = driver } else { registered = try start() }
        driver = registered
        return .success(try body(registered))
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  private static func start() throws(SmithError) -> hid_t {
    guard H5open() >= 0, H5PLset_loading_state(0) >= 0 else {
      throw SmithError(.unsupported, "libhdf5 does not start")
    }
    H5Eset_auto2(hid_t(H5E_DEFAULT), nil, nil)
    let driver = ws_h5fd_register()
    guard driver >= 0 else { throw failure("a libhdf5 that takes no file driver") }
    return driver
  }

  /// What the library says of the call that just failed: its innermost message.
  static func failure(_ what: String, item: String? = nil) -> SmithError {
    var reason = ""
    withUnsafeMutablePointer(to: &reason) { reason in
      _ = H5Ewalk2(
        hid_t(H5E_DEFAULT), H5E_WALK_UPWARD,
        { depth, entry, context in
          guard depth == 0, let text = entry?.pointee.desc else { return 0 }
          context?.assumingMemoryBound(to: String.self).pointee = String(cString: text)
          return 0
        }, reason)
    }
    let detail = reason.isEmpty ? what : "\(what): \(reason)"
    guard reason.hasPrefix("bad version number") else {
      return SmithError(.malformed, detail, at: Place(item: item))
    }
    // Most likely a file by a later library: its records say so in their version numbers.
    let (major, minor, release) = version
    return SmithError(
      .unsupported, detail, at: Place(item: item),
      remedy: "a libhdf5 later than the \(major).\(minor).\(release) here, or h5repack --high=v110")
  }

  private static var version: (UInt32, UInt32, UInt32) {
    var (major, minor, release) = (UInt32(0), UInt32(0), UInt32(0))
    H5get_libversion(&major, &minor, &release)
    return (major, minor, release)
  }
}

/// An id of the library, closed when the value goes. Lives only inside `HDF5Library.use`.
struct HDF5Handle: ~Copyable {
  let id: hid_t
  private let close: (hid_t) -> herr_t

  /// Takes over `id`, or throws what the library said when it is negative.
  init(
    _ id: hid_t, _ what: String, item: String? = nil, close: @escaping (hid_t) -> herr_t
  ) throws(SmithError) {
    guard id >= 0 else { throw HDF5Library.failure(what, item: item) }
    self.id = id
    self.close = close
  }

  deinit { _ = close(id) }
}

/// What makes two paths one object.
struct HDF5Identity: Hashable, Sendable {
  var file: UInt
  var low: UInt64
  var high: UInt64

  init(of object: hid_t, item: String) throws(SmithError) {
    var identity = ws_h5o_identity()
    guard ws_h5o_get_identity(object, &identity) >= 0 else {
      throw HDF5Library.failure("an object header that cannot be read", item: item)
    }
    (file, low, high) = (identity.file, identity.key.0, identity.key.1)
  }
}
