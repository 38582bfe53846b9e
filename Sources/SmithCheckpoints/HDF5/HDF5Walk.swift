import CHDF5
import SmithBytes
import SmithTensors

/// Finds everything in a file: groups breadth first, each object once, hard links before soft ones, so that an object keeps the name
/// of its own place.
struct HDF5Walk {
  /// A group to look into, or what a soft link leads to.
  private struct Group {
    var path: String
    var depth: Int
    var isSoft: Bool
  }

  private struct Link {
    var name: String
    var type: Int32
  }

  /// What an object's first path was, by its identity.
  private enum Known {
    case group(Int)
    case dataset(Int)
    /// Nothing to list: a null dataspace, a named datatype.
    case nothing
  }

  static let maximumDepth = 64

  private var pending = [Group(path: "", depth: 0, isSoft: false)]
  private var softLinks: [Group] = []
  private var known: [HDF5Identity: Known] = [:]
  private var links = 0
  private var text = 0
  private var chunks = 0
  private(set) var metadata = HDF5Metadata()

  /// Everything in `file`.
  static func run(_ file: borrowing HDF5File) throws(SmithError) -> HDF5Metadata {
    var walk = HDF5Walk()
    var next = 0
    while true {
      if next == walk.pending.count {
        if walk.softLinks.isEmpty { return walk.metadata }
        walk.pending = walk.softLinks
        walk.softLinks = []
        next = 0
      }
      let group = walk.pending[next]
      next += 1
      try walk.visit(group, in: file)
    }
  }

  private mutating func visit(
    _ group: Group, in file: borrowing HDF5File
  ) throws(SmithError) {
    let handle = try file.open(group.path)
    if H5Iget_type(handle.id) == H5I_DATASET {
      return try add(handle.id, group.path, isSoft: group.isSoft, in: file)
    }
    guard H5Iget_type(handle.id) == H5I_GROUP else { return }
    let identity = try HDF5Identity(of: handle.id, item: group.path)
    if let known = known[identity] {
      if case .group(let target) = known {
        metadata.groupAliases.append(
          HDF5Metadata.Alias(name: group.path, target: target, isSoft: group.isSoft))
      }
      return
    }
    guard group.depth <= Self.maximumDepth else {
      throw SmithError(
        .limit, "groups nested more than \(Self.maximumDepth) deep", at: Place(item: group.path))
    }
    known[identity] = .group(metadata.groups.count)
    metadata.groups.append(group.path)
    try addAttributes(of: handle.id, path: group.path)
    let access = try HDF5File.linkAccess()
    for link in try Self.links(of: handle.id, path: group.path) {
      links += 1
      guard links <= HDF5Metadata.maximumObjects else {
        throw SmithError(.limit, "more than \(HDF5Metadata.maximumObjects) links")
      }
      let path = group.path.isEmpty ? link.name : "\(group.path)/\(link.name)"
      try follow(
        link, path, depth: group.depth + 1, from: handle.id, access: access.id, in: file)
    }
  }

  private mutating func follow(
    _ link: Link, _ path: String, depth: Int, from group: hid_t, access: hid_t,
    in file: borrowing HDF5File
  ) throws(SmithError) {
    let isSoft = link.type == H5L_TYPE_SOFT.rawValue
    guard isSoft || link.type == H5L_TYPE_HARD.rawValue else {
      let why = "an external link: other files are not opened"
      metadata.datasets.append(try .refused(path, .refused, why))
      return
    }
    let id = H5Oopen(group, link.name, access)
    if id < 0, isSoft {
      metadata.dangling.append(path)
      return
    }
    let object = try HDF5Handle(id, "an object that cannot be opened", item: path, close: H5Oclose)
    if isSoft {
      softLinks.append(Group(path: path, depth: depth, isSoft: true))
      return
    }
    switch H5Iget_type(object.id) {
    case H5I_GROUP: pending.append(Group(path: path, depth: depth, isSoft: false))
    case H5I_DATASET: try add(object.id, path, isSoft: false, in: file)
    default: break  // A named datatype.
    }
  }

  private mutating func add(
    _ object: hid_t, _ path: String, isSoft: Bool, in file: borrowing HDF5File
  ) throws(SmithError) {
    let identity = try HDF5Identity(of: object, item: path)
    if let known = known[identity] {
      if case .dataset(let target) = known {
        metadata.datasetAliases.append(
          HDF5Metadata.Alias(name: path, target: target, isSoft: isSoft))
      }
      return
    }
    guard let dataset = try HDF5Dataset.describe(object, name: path, in: file) else {
      known[identity] = .nothing
      return
    }
    if case .chunked(_, let index) = dataset.layout { chunks += index.entries.count }
    guard chunks <= HDF5Metadata.maximumChunks else {
      throw SmithError(
        .limit, "more than \(HDF5Metadata.maximumChunks) chunks", at: Place(item: path))
    }
    known[identity] = .dataset(metadata.datasets.count)
    metadata.datasets.append(dataset)
    try addAttributes(of: object, path: path)
  }

  private mutating func addAttributes(of object: hid_t, path: String) throws(SmithError) {
    let found = try HDF5Attributes.all(of: object, item: path)
    for attribute in found {
      text += attribute.strings.reduce(attribute.name.utf8.count) { $0 + $1.utf8.count + 1 }
    }
    guard text <= HDF5Metadata.maximumText else {
      throw SmithError(.limit, "more than \(HDF5Metadata.maximumText) bytes of attributes")
    }
    metadata.attributes += found
  }

  private static func links(of group: hid_t, path: String) throws(SmithError) -> [Link] {
    struct Found {
      var links: [Link] = []
      var problem: SmithError?
    }
    var found = Found()
    let status = withUnsafeMutablePointer(to: &found) { found in
      ws_h5l_iterate(
        group,
        { name, type, context in
          guard let name, let found = context?.assumingMemoryBound(to: Found.self) else {
            return -1
          }
          guard let text = String(validatingCString: name), !text.isEmpty, text != ".",
            !text.contains("/")
          else {
            found.pointee.problem = SmithError(.malformed, "a link name that is no name")
            return 1
          }
          found.pointee.links.append(HDF5Walk.Link(name: text, type: type))
          return found.pointee.links.count > HDF5Metadata.maximumObjects ? 1 : 0
        }, found)
    }
    if let problem = found.problem { throw problem.at(item: path) }
    guard status >= 0 else { throw HDF5Library.failure("a group that cannot be read", item: path) }
    return found.links
  }
}
