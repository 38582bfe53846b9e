import SmithBytes

/// Containers, globals and calls.
extension PickleMachine {
  mutating func tuple(_ opcode: PickleOpcode) throws(SmithError) {
    let count: Int
    switch opcode {
    case .tuple:
      let items = try popToMark()
      return try push(PickleNode(kind: .tuple, items: items))
    case .tuple1: count = 1
    case .tuple2: count = 2
    case .tuple3: count = 3
    default: count = 0
    }
    var items: [PickleValue] = []
    for _ in 0..<count { items.append(try pop()) }
    try push(PickleNode(kind: .tuple, items: items.reversed()))
  }

  mutating func container(_ opcode: PickleOpcode) throws(SmithError) {
    switch opcode {
    case .emptyList: try push(PickleNode(kind: .list))
    case .emptyDict: try push(PickleNode(kind: .dictionary))
    case .emptySet: try push(PickleNode(kind: .set))
    case .append:
      let value = try pop()
      try add([value], to: .list)
    case .appends: try add(try popToMark(), to: .list)
    case .addItems: try add(try popToMark(), to: .set)
    case .setItem:
      let value = try pop()
      let key = try pop()
      try set([key, value])
    default: try set(try popToMark())
    }
  }

  private mutating func add(
    _ values: [PickleValue], to kind: PickleNode.Kind
  ) throws(SmithError) {
    let index = try top()
    guard [kind, .call].contains(pickle.nodes[index].kind) else {
      throw SmithError(.malformed, "the pickle adds elements to what is no \(kind)")
    }
    try charge(values.count * MemoryLayout<PickleValue>.stride)
    pickle.nodes[index].items += values
  }

  private mutating func set(_ pairs: [PickleValue]) throws(SmithError) {
    let index = try top()
    guard pairs.count.isMultiple(of: 2) else {
      throw SmithError(.malformed, "the pickle sets a key without a value")
    }
    try charge(pairs.count * MemoryLayout<PickleValue>.stride)
    switch pickle.nodes[index].kind {
    case .dictionary: pickle.nodes[index].items += pairs
    case .call: pickle.nodes[index].pairs += pairs
    default: throw SmithError(.malformed, "the pickle sets keys of what is no dictionary")
    }
  }

  mutating func object(_ opcode: PickleOpcode) throws(SmithError) {
    switch opcode {
    case .global:
      let module = try input.line(limit: Self.maxNameBytes)
      try global(module, try input.line(limit: Self.maxNameBytes))
    case .stackGlobal:
      let name = try pop()
      guard let name = name.text, let module = try pop().text,
        max(name.utf8.count, module.utf8.count) <= Self.maxNameBytes
      else { throw SmithError(.malformed, "a global whose name is no short text") }
      try global(module, name)
    case .reduce, .newObj:
      let arguments = try pop()
      guard pickle.tuple(arguments) != nil else {
        throw SmithError(.malformed, "arguments that are no tuple")
      }
      try push(PickleNode(kind: .call, callee: try pop(), arguments: arguments))
    case .binPersID: try push(PickleNode(kind: .persistent, arguments: try pop()))
    default: try build()
    }
  }

  private mutating func global(_ module: String, _ name: String) throws(SmithError) {
    let symbol = PickleSymbol(module: module, name: name)
    if let known = symbols[symbol] { return try push(.symbol(known)) }
    try charge(module.utf8.count + name.utf8.count + 4 * MemoryLayout<PickleSymbol>.stride)
    symbols[symbol] = pickle.symbols.count
    pickle.symbols.append(symbol)
    pickle.meanings.append(TorchSymbol(symbol))
    try push(.symbol(pickle.symbols.count - 1))
  }

  /// Attaches a state to a call. What it would do there is for the reader of the tree to know.
  private mutating func build() throws(SmithError) {
    let state = try pop()
    let index = try top()
    guard pickle.nodes[index].kind == .call else {
      throw SmithError(.malformed, "the pickle gives a state to what is no object")
    }
    guard pickle.nodes[index].state == nil else {
      throw SmithError(.malformed, "the pickle gives an object two states")
    }
    pickle.nodes[index].state = state
  }
}
