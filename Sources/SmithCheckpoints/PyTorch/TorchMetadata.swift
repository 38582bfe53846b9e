import SmithTensors

/// Numbers and texts of a checkpoint under their dotted paths: `epoch`, `args.arch`, `optimizer.param_groups.0.lr`.
///
/// A convenience, and bounded like one: no element of a list, nothing deep, no long text.
struct TorchMetadata {
  private static let maxEntries = 1000
  private static let maxNodes = 20_000
  private static let maxDepth = 8
  private static let maxTextBytes = 1024
  private static let maxNameBytes = 256

  private(set) var entries: [ContainerMetadata.Entry] = []

  init(_ pickle: Pickle) {
    guard case .node(let root) = pickle.root else { return }
    var seen: Set<Int> = [root]
    var queue = [(node: root, path: "", depth: 0)]
    var next = 0
    var budget = TorchBudget(pickle)
    while next < queue.count, entries.count < Self.maxEntries {
      let (node, path, depth) = queue[next]
      next += 1
      if pickle.tensorCall(node) != nil { continue }
      guard budget.pays(for: node, of: pickle) else { break }
      for (position, child) in Self.children(node, of: pickle).enumerated() {
        let part = child.part.text(at: position)
        let name = part.map { path.isEmpty ? $0 : "\(path).\($0)" } ?? path
        if name.utf8.count > Self.maxNameBytes { continue }
        if case .node(let index) = child.value {
          if depth < Self.maxDepth, seen.count < Self.maxNodes, seen.insert(index).inserted {
            queue.append((index, name, depth + 1))
          }
        } else if case .key = child.part, let value = Self.value(child.value),
          entries.count < Self.maxEntries
        {
          entries.append(ContainerMetadata.Entry(name, value))
        }
      }
    }
    // Ours say how our own files are read; no other program's may.
    entries.removeAll { $0.key.hasPrefix("weightsmith.") }
  }

  /// What a node holds, of foreign objects their attributes only. The settings of modules are their program's business.
  private static func children(_ index: Int, of pickle: Pickle) -> [Pickle.Child] {
    let node = pickle.nodes[index]
    guard node.kind == .call, pickle.meaning(node.callee) == nil else {
      return pickle.children(index)
    }
    let attributes = pickle.state(node)
    let isModule = attributes.contains { child in
      if case .key(let key) = child.part { key.text == "training" } else { false }
    }
    return isModule ? [] : attributes
  }

  private static func value(_ value: PickleValue) -> MetadataValue? {
    switch value {
    case .bool(let value): .bool(value)
    case .integer(let value): .i64(Int64(value))
    case .real(let value): .f64(value)
    case .text(let text) where text.utf8.count <= maxTextBytes: .string(text)
    default: nil
    }
  }
}
