import SmithBytes
import SmithTensors

/// Everything we need to know of an HDF5 file, as plain values: whoever has this and the file's bytes needs no libhdf5.
///
/// It is found by a walk through libhdf5, in this process or in a confined one, and checked against the file's size in both cases.
struct HDF5Metadata: Hashable, Sendable {
  /// Another path of an object that has one already.
  struct Alias: Hashable, Sendable {
    var name: String
    /// The dataset's place in `datasets`, or the group's in `groups`.
    var target: Int
    var isSoft: Bool
  }

  /// An attribute of a group or dataset; `strings` is empty where it is no text.
  struct Attribute: Hashable, Sendable {
    /// The object's first path.
    var object: String
    var name: String
    var strings: [String]
  }

  /// Each object once, under the path at which the walk first met it.
  var datasets: [HDF5Dataset] = []
  var datasetAliases: [Alias] = []
  /// Paths of groups; the root is the empty one.
  var groups: [String] = []
  var groupAliases: [Alias] = []
  var attributes: [Attribute] = []
  /// Soft links that lead nowhere, or in circles.
  var dangling: [String] = []

  static let maximumObjects = 1_000_000
  /// Chunks of all datasets together: 100 MB of index.
  static let maximumChunks = 4_000_000
  /// Text of all attributes together.
  static let maximumText = 64 << 20

  /// Whether all of it can be true of a file of `count` bytes. Nothing else checks what a child process says.
  mutating func check(against raw: HDF5Raw) throws(SmithError) {
    let limit = try raw.count.multiplied(checked: 1100).adding(checked: 64 << 20)
    var (total, chunks) = (0, 0)
    for position in datasets.indices {
      do throws(SmithError) {
        try datasets[position].check(against: raw)
        if case .chunked(_, let index) = datasets[position].layout { chunks += index.entries.count }
        guard chunks <= Self.maximumChunks else {
          throw SmithError(.limit, "more than \(Self.maximumChunks) chunks")
        }
      } catch { throw error.at(item: datasets[position].info.name) }
    }
    // A few bytes of file can declare any shape, for chunks need not be there: the tensors of a file together may be no larger
    // than deflate could have packed into it (1,032 to 1), and a little more for fill values.
    var names = Set<String>()
    let all = datasets.map(\.info) + (try aliases())
    for tensor in all {
      do throws(SmithError) {
        total = try total.adding(checked: tensor.byteCount)
        guard total <= limit else {
          throw SmithError(.limit, "\(total) bytes of tensors in a file of \(raw.count)")
        }
        guard names.insert(tensor.name).inserted else {
          throw SmithError(.mismatch, "a name used twice")
        }
      } catch { throw error.at(item: tensor.name) }
    }
  }

  /// The datasets again under their other names.
  func aliases() throws(SmithError) -> [TensorInfo] {
    try datasetAliases.map { alias throws(SmithError) in
      guard datasets.indices.contains(alias.target) else {
        throw SmithError(.malformed, "an alias of nothing", at: Place(item: alias.name))
      }
      var tensor = datasets[alias.target].info
      tensor.name = alias.name
      return tensor
    }
  }
}
