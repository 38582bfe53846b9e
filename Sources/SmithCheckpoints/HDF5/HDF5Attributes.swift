import CHDF5
import SmithBytes

/// Attributes that are text: names of layers and weights, versions, configurations.
enum HDF5Attributes {
  /// One attribute at most: JSON configurations of the largest models are a few MB.
  static let maximumBytes = 64 << 20
  static let maximumStrings = 1 << 20

  /// The strings of the attribute `name`; nil where there is none. An attribute that is not text is empty: Keras stores an
  /// empty list as an array of f64 (formats §3.3).
  static func strings(
    _ name: String, of object: hid_t, item: String
  ) throws(SmithError) -> [String]? {
    let exists = H5Aexists(object, name)
    guard exists >= 0 else {
      throw HDF5Library.failure("attributes that cannot be read", item: item)
    }
    if exists == 0 { return nil }
    let attribute = try HDF5Handle(
      H5Aopen(object, name, hid_t(H5P_DEFAULT)), "attribute \(name) cannot be read", item: item,
      close: H5Aclose)
    let type = try HDF5Handle(
      H5Aget_type(attribute.id), "attribute \(name) cannot be read", item: item, close: H5Tclose)
    guard H5Tget_class(type.id) == H5T_STRING else { return [] }
    let space = try HDF5Handle(
      H5Aget_space(attribute.id), "attribute \(name) cannot be read", item: item, close: H5Sclose)
    let points = H5Sget_simple_extent_npoints(space.id)
    guard points >= 0 else {
      throw HDF5Library.failure("attribute \(name) cannot be read", item: item)
    }
    let size = H5Tget_size(type.id)
    let (total, overflow) = size.multipliedReportingOverflow(by: Int(points))
    guard points <= maximumStrings, !overflow, total <= maximumBytes else {
      throw SmithError(.limit, "\(points) strings in attribute \(name)", at: Place(item: item))
    }
    if points == 0 { return [] }
    let text =
      H5Tis_variable_str(type.id) > 0
      ? try variable(attribute.id, type.id, space.id, count: Int(points))
      : try fixed(attribute.id, type.id, count: Int(points), size: size)
    guard let text else {
      throw HDF5Library.failure("attribute \(name) cannot be read", item: item)
    }
    return text
  }

  /// All attributes of an object.
  static func all(
    of object: hid_t, item: String
  ) throws(SmithError) -> [HDF5Metadata.Attribute] {
    try names(of: object, item: item).map { name throws(SmithError) in
      let found = try strings(name, of: object, item: item) ?? []
      return HDF5Metadata.Attribute(object: item, name: name, strings: found)
    }
  }

  /// The names of an object's attributes.
  static func names(of object: hid_t, item: String) throws(SmithError) -> [String] {
    var names: [String] = []
    let status = withUnsafeMutablePointer(to: &names) { names in
      H5Aiterate2(
        object, H5_INDEX_NAME, H5_ITER_INC, nil,
        { _, name, _, context in
          guard let name, let context else { return -1 }
          let names = context.assumingMemoryBound(to: [String].self)
          names.pointee.append(String(cString: name))
          return names.pointee.count > 65_536 ? -1 : 0
        }, names)
    }
    guard status >= 0 else {
      throw HDF5Library.failure("attributes that cannot be read", item: item)
    }
    return names
  }

  private static func variable(
    _ attribute: hid_t, _ type: hid_t, _ space: hid_t, count: Int
  ) throws(SmithError) -> [String]? {
    // The library multiplies a length by this size and allocates: a character of 2 GB asks for any amount of memory.
    let character = try HDF5Handle(H5Tget_super(type), "a string type", close: H5Tclose)
    guard H5Tget_size(character.id) == 1 else { return nil }
    let memory = try HDF5Handle(H5Tcopy(ws_h5t_c_string()), "a string type", close: H5Tclose)
    guard H5Tset_size(memory.id, ws_h5t_variable()) >= 0,
      H5Tset_cset(memory.id, H5Tget_cset(type)) >= 0
    else { return nil }
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    guard H5Aread(attribute, memory.id, &pointers) >= 0 else { return nil }
    defer { H5Dvlen_reclaim(memory.id, space, hid_t(H5P_DEFAULT), &pointers) }
    // A null pointer is the empty string.
    return pointers.map { $0.map { String(cString: $0) } ?? "" }
  }

  private static func fixed(
    _ attribute: hid_t, _ type: hid_t, count: Int, size: Int
  ) throws(SmithError) -> [String]? {
    var bytes = [UInt8](repeating: 0, count: count * size)
    guard H5Aread(attribute, type, &bytes) >= 0 else { return nil }
    let padding = H5Tget_strpad(type)
    return (0..<count).map { index in
      var text = bytes[(index * size)..<((index + 1) * size)]
      switch padding {
      case H5T_STR_SPACEPAD: while text.last == 0x20 { text.removeLast() }
      case H5T_STR_NULLPAD: while text.last == 0 { text.removeLast() }
      default: text = text.prefix { $0 != 0 }
      }
      return String(decoding: text, as: UTF8.self)
    }
  }
}
