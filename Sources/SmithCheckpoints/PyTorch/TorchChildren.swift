extension Pickle {
  /// What stands in a container, and how its path goes on there.
  struct Child {
    enum Part {
      /// The path does not grow: the state of an object is the object.
      case none
      case index(Int)
      case key(PickleValue)
    }

    var part: Part
    var value: PickleValue
  }

  /// Where torch's modules keep what their state dict lists: their keys are no part of a parameter's name.
  private static let moduleParts: Set = ["_parameters", "_buffers", "_modules"]

  /// What a node holds. Objects of foreign classes hold what the pickle gave them.
  func children(_ index: Int) -> [Child] {
    let node = nodes[index]
    switch node.kind {
    case .tuple, .list, .set: return elements(node.items)
    case .dictionary: return pairs(node.items)
    case .persistent: return []
    case .call:
      let arguments = tuple(node.arguments) ?? []
      switch meaning(node.callee) {
      case .dictionary: return arguments.flatMap(entries) + pairs(node.pairs)
      case .sequence:
        return arguments.prefix(1).map { Child(part: .none, value: $0) } + elements(node.items)
      case .wrapper: return arguments.prefix(1).map { Child(part: .none, value: $0) }
      case .some: return []
      case nil:
        return elements(node.items) + pairs(node.pairs) + named(arguments) + state(node)
      }
    }
  }

  private func elements(_ values: [PickleValue]) -> [Child] {
    values.enumerated().map { Child(part: .index($0), value: $1) }
  }

  /// Arguments of a call that we do not know.
  private func named(_ arguments: [PickleValue]) -> [Child] {
    arguments.enumerated().map { Child(part: .key(.text("arg\($0)")), value: $1) }
  }

  private func pairs(_ items: [PickleValue]) -> [Child] {
    stride(from: 0, to: items.count - 1, by: 2).map {
      Child(part: .key(items[$0]), value: items[$0 + 1])
    }
  }

  /// An argument of a dictionary: another one, or a list of pairs.
  private func entries(_ argument: PickleValue) -> [Child] {
    guard let node = node(argument) else { return [] }
    if node.kind == .dictionary { return pairs(node.items) }
    return node.items.compactMap { item in
      guard let pair = self.node(item)?.items, pair.count == 2 else { return nil }
      return Child(part: .key(pair[0]), value: pair[1])
    }
  }

  /// What BUILD gave an object.
  func state(_ node: PickleNode) -> [Child] {
    guard let state = node.state else { return [] }
    guard let attributes = self.node(state), attributes.kind == .dictionary else {
      return [Child(part: .none, value: state)]
    }
    return pairs(attributes.items).map { child in
      guard case .key(let key) = child.part, let text = key.text,
        Self.moduleParts.contains(text)
      else { return child }
      return Child(part: .none, value: child.value)
    }
  }
}

extension Pickle.Child.Part {
  /// The component of the path, nil for none. A key that is neither text nor a number is told by its position.
  func text(at position: Int) -> String? {
    switch self {
    case .none: nil
    case .index(let index): String(index)
    case .key(.text(let text)): text
    case .key(.integer(let number)): String(number)
    case .key(.bool(let value)): value ? "True" : "False"
    case .key: "#\(position)"
    }
  }
}
