import CHDF5
import SmithBytes

/// Attributes as Keras 2 writes them.
enum HDF5AttributeWriter {
  /// `HDF5_OBJECT_HEADER_LIMIT` of Keras: a longer list is split.
  static let maximumListBytes = 64512

  /// What Keras 2 wants to see: without a version it takes the file for one of Keras 1 and bends the weights of some layers.
  private static let kerasDefaults = ["backend": "tensorflow", "keras_version": "2.15.0"]

  /// The lists of names, and the metadata as text of the root.
  static func write(
    _ names: HDF5Names, _ metadata: [String: String], to file: hid_t
  ) throws(SmithError) {
    for list in names.lists {
      let group = try HDF5Handle(
        H5Oopen(file, "/\(list.group)", hid_t(H5P_DEFAULT)), "a group", item: list.group,
        close: H5Oclose)
      try strings(list.strings, as: list.attribute, of: group.id, item: list.group)
    }
    let root = try HDF5Handle(
      H5Oopen(file, "/", hid_t(H5P_DEFAULT)), "the root group", close: H5Oclose)
    let own = ["layer_names", "weight_names", HDF5Names.fullNames]
    let all = kerasDefaults.merging(metadata) { _, given in given }
    for (key, value) in all.sorted(by: { $0.key.precedes(bytewise: $1.key) }) {
      let isOwn = own.contains {
        key.hasPrefix($0) && key.dropFirst($0.count).allSatisfy(\.isNumber)
      }
      if !isOwn { try text(value, as: key, of: root.id) }
    }
  }

  /// One text of any length, in the file's heap.
  static func text(_ value: String, as name: String, of object: hid_t) throws(SmithError) {
    guard !value.utf8.contains(0), !name.utf8.contains(0), !name.isEmpty else {
      throw SmithError(.refused, "text that HDF5 cannot hold", at: Place(item: name))
    }
    let type = try HDF5Handle(H5Tcopy(ws_h5t_c_string()), "a text type", close: H5Tclose)
    guard H5Tset_size(type.id, ws_h5t_variable()) >= 0, H5Tset_cset(type.id, H5T_CSET_UTF8) >= 0
    else { throw HDF5Library.failure("a text type") }
    let space = try HDF5Handle(H5Screate(H5S_SCALAR), "a dataspace", close: H5Sclose)
    let attribute = try HDF5Handle(
      H5Acreate2(
        object, name, type.id, space.id, hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT)),
      "an attribute that cannot be made", item: name, close: H5Aclose)
    let status = value.withCString { pointer in
      var pointer: UnsafePointer<CChar>? = pointer
      return H5Awrite(attribute.id, type.id, &pointer)
    }
    guard status >= 0 else { throw HDF5Library.failure("an attribute", item: name) }
  }

  /// A list of text, split into equal parts `name0`, `name1`, … where it is too long for one attribute.
  private static func strings(
    _ list: [String], as name: String, of object: hid_t, item: String
  ) throws(SmithError) {
    guard let width = list.map(\.utf8.count).max(), width > 0 else { return }
    guard width <= maximumListBytes else {
      throw SmithError(.limit, "a name of \(width) bytes", at: Place(item: item))
    }
    let parts = parts(list, width: width)
    for (index, part) in parts.enumerated() {
      let full = parts.count == 1 ? name : "\(name)\(index)"
      try fixed(Array(part), width: width, as: full, of: object, item: item)
    }
  }

  /// The fewest parts that are small enough, the first ones one longer where it does not come out even (numpy's `array_split`).
  static func parts(_ list: [String], width: Int) -> [ArraySlice<String>] {
    let fitting = maximumListBytes / width
    let count = (list.count + fitting - 1) / fitting
    var parts: [ArraySlice<String>] = []
    var start = 0
    for index in 0..<count {
      let end = start + list.count / count + (index < list.count % count ? 1 : 0)
      parts.append(list[start..<end])
      start = end
    }
    return parts
  }

  private static func fixed(
    _ list: [String], width: Int, as name: String, of object: hid_t, item: String
  ) throws(SmithError) {
    let type = try HDF5Handle(H5Tcopy(ws_h5t_c_string()), "a text type", close: H5Tclose)
    guard H5Tset_size(type.id, width) >= 0, H5Tset_strpad(type.id, H5T_STR_NULLPAD) >= 0,
      H5Tset_cset(type.id, H5T_CSET_UTF8) >= 0
    else { throw HDF5Library.failure("a text type") }
    let space = try HDF5Handle(
      H5Screate_simple(1, [hsize_t(list.count)], nil), "a dataspace", close: H5Sclose)
    let attribute = try HDF5Handle(
      H5Acreate2(object, name, type.id, space.id, hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT)),
      "an attribute that cannot be made", item: "\(item) \(name)", close: H5Aclose)
    var bytes: [UInt8] = []
    for text in list {
      bytes += Array(text.utf8) + [UInt8](repeating: 0, count: width - text.utf8.count)
    }
    guard H5Awrite(attribute.id, type.id, bytes) >= 0 else {
      throw HDF5Library.failure("an attribute", item: name)
    }
  }
}
