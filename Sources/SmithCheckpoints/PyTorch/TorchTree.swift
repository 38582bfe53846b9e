import SmithBytes
import SmithTensors

/// The tensors of a pickle under their dotted paths: `model.encoder.weight`, `optimizer.state.0.exp_avg`.
///
/// Shared values are visited where they stand, but not more often than the pickle is long: what is shared again and again (a
/// "billion laughs") ends in an error. Containers without tensors are not entered at all.
struct TorchTree {
  static let maxDepth = 256
  static let maxNameBytes = 4096

  let pickle: Pickle
  /// Names to tensors in the pickle's order; names are unique.
  private(set) var tensors: [(name: String, tensor: TorchTensor)] = []
  private var names: Set<String> = []
  private var bearing: TensorBearing
  private var budget: TorchBudget
  private var visitsLeft: Int
  private var nameBytesLeft: Int
  /// What arrays may take whose bytes stand in the pickle: as much as a pickle, however often they are shared.
  private var inlineBytesLeft = PickleMachine.maxBytes

  /// Every tensor under `root`. `prefix` goes before every path; a tensor that is the root itself is called `tensor`.
  init(_ pickle: Pickle, prefix: [String] = []) throws(SmithError) {
    self.pickle = pickle
    budget = TorchBudget(pickle)
    bearing = try TensorBearing(pickle, &budget)
    visitsLeft = 4 * pickle.nodes.count + 1000
    nameBytesLeft = 128 << 20
    try walk(prefix)
  }

  private struct Frame {
    var node: Int
    var children: [Pickle.Child]
    var next = 0
    /// The path's length outside this container.
    var pathCount: Int
  }

  private mutating func walk(_ prefix: [String]) throws(SmithError) {
    guard case .node(let root) = pickle.root else { return }
    var path = prefix
    if pickle.tensorCall(root) != nil {
      return try add(root, prefix.isEmpty ? ["tensor"] : prefix)
    }
    guard bearing.holdsTensors(root) else { return }
    var open = Set([root])
    var frames = [try container(root, path)]
    while var frame = frames.popLast() {
      path.removeLast(path.count - frame.pathCount)
      guard frame.next < frame.children.count else {
        open.remove(frame.node)
        continue
      }
      let child = frame.children[frame.next]
      let position = frame.next
      frame.next += 1
      frames.append(frame)
      guard case .node(let index) = child.value else { continue }
      let isTensor = pickle.tensorCall(index) != nil
      guard isTensor || (bearing.holdsTensors(index) && !open.contains(index)) else { continue }
      visitsLeft -= 1
      guard visitsLeft > 0, frames.count < Self.maxDepth else {
        throw SmithError(
          .limit, visitsLeft > 0 ? "tensors nested too deep" : "tensors shared too often",
          at: Place(item: path.isEmpty ? nil : path.prefix(4).joined(separator: ".")))
      }
      let start = path.count
      if let part = child.part.text(at: position) { path.append(part) }
      if isTensor {
        try add(index, path)
        path.removeLast(path.count - start)
      } else {
        open.insert(index)
        frames.append(try container(index, path))
      }
    }
  }

  /// A container to go through. A key that stands twice would show other readers another tensor.
  private mutating func container(
    _ node: Int, _ path: [String]
  ) throws(SmithError) -> Frame {
    guard budget.pays(for: node, of: pickle) else { throw TorchBudget.exceeded }
    let children = pickle.children(node)
    var keys: Set<String> = []
    for (position, child) in children.enumerated() {
      guard case .key = child.part, let key = child.part.text(at: position) else { continue }
      guard keys.insert(key).inserted else {
        throw SmithError(
          .mismatch, "the key stands twice",
          at: Place(item: (path + [key]).joined(separator: ".")))
      }
    }
    return Frame(node: node, children: children, pathCount: path.count)
  }

  private mutating func add(_ index: Int, _ path: [String]) throws(SmithError) {
    guard let call = pickle.tensorCall(index) else { return }
    try add(call, path)
    for part in pickle.quantizerTensors(call) {
      guard case .node(let index) = part.value, let call = pickle.tensorCall(index) else {
        continue
      }
      try add(call, path + [part.name])
    }
  }

  private mutating func add(_ call: Pickle.TensorCall, _ path: [String]) throws(SmithError) {
    let name = path.joined(separator: ".")
    nameBytesLeft -= name.utf8.count
    guard name.utf8.count <= Self.maxNameBytes, nameBytesLeft >= 0 else {
      throw SmithError(
        .limit, "a name of \(name.utf8.count) bytes", at: Place(item: String(name.prefix(60))))
    }
    guard names.insert(name).inserted else {
      throw SmithError(.mismatch, "two tensors have this name", at: Place(item: name))
    }
    do throws(SmithError) {
      let tensor = try pickle.tensor(call)
      if case .inline(let bytes, _) = tensor.content { inlineBytesLeft -= bytes.count }
      guard inlineBytesLeft >= 0 else {
        throw SmithError(
          .limit, "arrays in the pickle of more than \(PickleMachine.maxBytes) bytes together")
      }
      tensors.append((name, tensor))
    } catch { throw error.at(item: name) }
  }
}

/// Which nodes hold a tensor somewhere below, each looked at once. A cycle holds what it holds outside itself.
private struct TensorBearing {
  private var holds: [Bool]

  /// `.limit` where the budget does not suffice.
  init(_ pickle: Pickle, _ budget: inout TorchBudget) throws(SmithError) {
    holds = [Bool](repeating: false, count: pickle.nodes.count)
    guard case .node(let root) = pickle.root else { return }
    guard budget.pays(for: root, of: pickle) else { throw TorchBudget.exceeded }
    var seen = holds
    seen[root] = true
    var frames = [(node: root, children: pickle.children(root), next: 0)]
    while var frame = frames.popLast() {
      guard frame.next < frame.children.count else {
        if holds[frame.node], let outer = frames.last?.node { holds[outer] = true }
        continue
      }
      let child = frame.children[frame.next]
      frame.next += 1
      frames.append(frame)
      guard case .node(let index) = child.value else { continue }
      if pickle.tensorCall(index) != nil { holds[index] = true }
      if !seen[index], !holds[index] {
        seen[index] = true
        guard budget.pays(for: index, of: pickle) else { throw TorchBudget.exceeded }
        frames.append((index, pickle.children(index), 0))
      } else if holds[index] {
        holds[frame.node] = true
      }
    }
  }

  func holdsTensors(_ index: Int) -> Bool { holds[index] }
}
