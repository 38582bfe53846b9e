import SmithBytes
import SmithTensors

/// The tree that names with `/` in them make, its keys in the order in which they come first.
struct FlaxBranches {
  private enum Child {
    case tensor(Int)
    case branch(Int)
  }

  private struct Branch {
    var order: [(key: String, child: Child)] = []
    var positions: [String: Int] = [:]

    /// False where the key is taken.
    mutating func add(_ key: String, _ child: Child) -> Bool {
      guard positions.updateValue(order.count, forKey: key) == nil else { return false }
      order.append((key, child))
      return true
    }
  }

  /// The first one is the root.
  private var branches = [Branch()]

  /// `.refused` for a name that another one needs as a branch, or that stands twice. Names of bounded depth.
  init(_ members: [Int], _ tensors: [TensorInfo]) throws(SmithError) {
    for member in members {
      var keys = tensors[member].name.split(separator: "/", omittingEmptySubsequences: false)
        .map { String($0) }
      let last = keys.removeLast()
      var branch = 0
      for key in keys { branch = try self.branch(key, of: branch, tensors[member].name) }
      guard branches[branch].add(last, .tensor(member)) else {
        throw SmithError(
          .refused, "the name stands twice, or another name goes on behind it",
          at: Place(item: tensors[member].name))
      }
    }
  }

  private mutating func branch(
    _ key: String, of parent: Int, _ name: String
  ) throws(SmithError) -> Int {
    guard let position = branches[parent].positions[key] else {
      branches.append(Branch())
      _ = branches[parent].add(key, .branch(branches.count - 1))
      return branches.count - 1
    }
    guard case .branch(let found) = branches[parent].order[position].child else {
      throw SmithError(
        .refused, "a name that goes on behind another tensor's", at: Place(item: name))
    }
    return found
  }

  /// All maps and arrays, front to back.
  func write(_ tensors: [TensorInfo], into bytes: inout FlaxBytes) throws(SmithError) {
    var path: [(branch: Int, next: Int)] = [(0, 0)]
    bytes.head.append(messagePackMap: branches[0].order.count)
    while let (branch, next) = path.last {
      guard next < branches[branch].order.count else {
        path.removeLast()
        continue
      }
      path[path.count - 1].next += 1
      let (key, child) = branches[branch].order[next]
      bytes.head.append(messagePack: key)
      switch child {
      case .tensor(let index): try bytes.append(tensors[index], index)
      case .branch(let index):
        bytes.head.append(messagePackMap: branches[index].order.count)
        path.append((index, 0))
      }
    }
    bytes.flush()
  }
}
