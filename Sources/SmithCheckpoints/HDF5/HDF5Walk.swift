import CHDF5
import SmithBytes
import SmithTensors

/// Finds every dataset of a file: groups breadth first, each group object once, hard links before soft ones, so that a
/// dataset behind a soft link to a group keeps the name of its own place.
struct HDF5Walk {
  private struct Group {
    var path: String
    var depth: Int
  }

  private struct Link {
    var name: String
    var type: Int32
  }

  static let maximumDepth = 64
  static let maximumObjects = 1_000_000

  private let file: InputFile
  private var pending = [Group(path: "", depth: 0)]
  private var softGroups: [Group] = []
  private var visited: Set<HDF5Identity> = []
  private var objects = 0
  private var totalBytes = 0
  private(set) var datasets: [HDF5Dataset] = []

  init(_ file: InputFile) { self.file = file }

  /// All datasets under `root`, which the caller opened.
  mutating func run(_ root: hid_t) throws(SmithError) {
    var next = 0
    while true {
      if next == pending.count {
        if softGroups.isEmpty { return }
        pending = softGroups
        softGroups = []
        next = 0
      }
      let group = pending[next]
      next += 1
      try visit(group, in: root)
    }
  }

  /// Opens an object by its path from the root; external links on the way fail.
  static func open(_ path: String, in root: hid_t) throws(SmithError) -> HDF5Handle {
    let access = try HDF5File.linkAccess()
    return try HDF5Handle(
      H5Oopen(root, "/\(path)", access.id), "an object that cannot be opened", item: path,
      close: H5Oclose)
  }

  private mutating func visit(_ group: Group, in root: hid_t) throws(SmithError) {
    let handle = try Self.open(group.path, in: root)
    guard visited.insert(try HDF5Identity(of: handle.id, item: group.path)).inserted else { return }
    guard group.depth <= Self.maximumDepth else {
      throw SmithError(
        .limit, "groups nested more than \(Self.maximumDepth) deep", at: Place(item: group.path))
    }
    let access = try HDF5File.linkAccess()
    for link in try Self.links(of: handle.id, path: group.path) {
      objects += 1
      guard objects <= Self.maximumObjects else {
        throw SmithError(.limit, "more than \(Self.maximumObjects) links")
      }
      let path = group.path.isEmpty ? link.name : "\(group.path)/\(link.name)"
      try follow(link, path, depth: group.depth + 1, from: handle.id, access: access.id)
    }
  }

  private mutating func follow(
    _ link: Link, _ path: String, depth: Int, from group: hid_t, access: hid_t
  ) throws(SmithError) {
    let isSoft = link.type == H5L_TYPE_SOFT.rawValue
    guard isSoft || link.type == H5L_TYPE_HARD.rawValue else {
      let why = "an external link: other files are not opened"
      datasets.append(try .refused(path, .refused, why))
      return
    }
    let id = H5Oopen(group, link.name, access)
    // A soft link may point nowhere, or in a circle: nothing is there.
    if id < 0, isSoft { return }
    let object = try HDF5Handle(id, "an object that cannot be opened", item: path, close: H5Oclose)
    switch H5Iget_type(object.id) {
    case H5I_GROUP:
      if isSoft {
        softGroups.append(Group(path: path, depth: depth))
      } else {
        pending.append(Group(path: path, depth: depth))
      }
    case H5I_DATASET:
      guard let dataset = try HDF5Dataset.describe(object.id, name: path, in: file) else { return }
      try count(dataset)
      datasets.append(dataset)
    default: break  // A named datatype.
    }
  }

  /// A few bytes of file can declare any shape, for chunks need not be there: the tensors of a file together may be no
  /// larger than deflate could have packed into it (1,032 to 1), and a little more for fill values.
  private mutating func count(_ dataset: HDF5Dataset) throws(SmithError) {
    do throws(SmithError) {
      totalBytes = try totalBytes.adding(checked: dataset.info.byteCount)
      let limit = try file.count.multiplied(checked: 1100).adding(checked: 64 << 20)
      guard totalBytes <= limit else {
        throw SmithError(
          .limit, "\(totalBytes) bytes of tensors in a file of \(file.count)")
      }
    } catch { throw error.at(item: dataset.info.name) }
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
          return found.pointee.links.count > HDF5Walk.maximumObjects ? 1 : 0
        }, found)
    }
    if let problem = found.problem { throw problem.at(item: path) }
    guard status >= 0 else { throw HDF5Library.failure("a group that cannot be read", item: path) }
    return found.links
  }
}
