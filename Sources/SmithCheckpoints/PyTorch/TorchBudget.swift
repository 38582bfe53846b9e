import SmithBytes

/// What a walk over a pickle may look at. Values are shared freely, so a few bytes can put a long list into a million dictionaries: going
/// through each of them would take for ever. A walk that looks at every value some times over stays far inside.
struct TorchBudget {
  private static let timesOver = 8
  private static let free = 100_000

  private var left: Int

  init(_ pickle: Pickle) {
    let values = pickle.nodes.reduce(pickle.nodes.count) { $0 + $1.items.count + $1.pairs.count }
    left = Self.timesOver * values + Self.free
  }

  /// Pays for `pickle.children(index)` before they are made; false where that is too much.
  mutating func pays(for index: Int, of pickle: Pickle) -> Bool {
    let node = pickle.nodes[index]
    left -= 1 + node.items.count + node.pairs.count
    guard left >= 0, node.kind == .call else { return left >= 0 }
    let arguments = pickle.tuple(node.arguments) ?? []
    left -= arguments.count
    // Looked at only when they are paid for: they may be many and shared as well.
    guard left >= 0 else { return false }
    for argument in arguments { left -= pickle.node(argument)?.items.count ?? 0 }
    left -= pickle.node(node.state)?.items.count ?? 0
    return left >= 0
  }

  static let exceeded = SmithError(
    .limit, "the pickle's values are shared too often",
    remedy: "save only the state dict")
}
