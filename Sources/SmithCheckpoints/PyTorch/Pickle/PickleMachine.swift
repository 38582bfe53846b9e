import SmithBytes

/// Runs a pickle's opcodes on a stack of inert values (formats §4.3). A global pushes its name; a call, whatever it calls, becomes a
/// node that says what would have been called with what. So there is nothing to execute, and no list of what must not be.
struct PickleMachine {
  /// What the values may take together, bytes: 100,000 tensors.
  static let maxMemory = 192 << 20
  /// The longest pickle that is read.
  static let maxBytes = 128 << 20
  static let maxNameBytes = 1024

  var input: PickleInput
  var pickle = Pickle()
  var stack: [PickleValue] = []
  /// The heights of the stack at each MARK.
  var marks: [Int] = []
  /// A dictionary: the indexes are the pickle's own.
  var memo: [Int: PickleValue] = [:]
  var symbols: [PickleSymbol: Int] = [:]
  private var memoryLeft: Int
  private let start: Int

  private init(_ input: PickleInput, maxMemory: Int) {
    self.input = input
    memoryLeft = maxMemory
    start = input.position
  }

  /// Runs one pickle and leaves `input` behind its STOP. Errors carry the byte of the opcode.
  static func run(
    _ input: inout PickleInput, maxMemory: Int = maxMemory
  ) throws(SmithError) -> Pickle {
    var machine = PickleMachine(input, maxMemory: maxMemory)
    try machine.run()
    input = machine.input
    return machine.pickle
  }

  private mutating func run() throws(SmithError) {
    while true {
      let position = input.position
      guard position - start < Self.maxBytes else {
        throw SmithError(
          .limit, "a pickle of more than \(Self.maxBytes) bytes", at: Place(offset: position))
      }
      do throws(SmithError) {
        let code = try input.byte()
        guard let opcode = PickleOpcode(rawValue: code) else { throw Self.refusal(code) }
        if opcode == .stop {
          pickle.root = try pop()
          return
        }
        try step(opcode)
      } catch { throw error.at(offset: position) }
    }
  }

  private static func refusal(_ code: UInt8) -> SmithError {
    if let name = PickleOpcode.refused[code] {
      return SmithError(
        .unsupported, "the pickle opcode \(name), which no state dict needs",
        remedy: "save it again with torch.save and its usual protocol")
    }
    return SmithError(.malformed, "\(code) is no pickle opcode")
  }

  private mutating func step(_ opcode: PickleOpcode) throws(SmithError) {
    switch opcode {
    case .proto, .frame, .stop, .mark: try structure(opcode)
    case .none, .newTrue, .newFalse, .binInt1, .binInt2, .binInt, .long1, .binFloat:
      try push(try number(opcode))
    case .binUnicode, .shortBinUnicode, .binUnicode8, .shortBinString, .binString, .shortBinBytes,
      .binBytes, .binBytes8:
      try push(try string(opcode))
    case .emptyTuple, .tuple1, .tuple2, .tuple3, .tuple: try tuple(opcode)
    case .emptyList, .append, .appends, .emptyDict, .setItem, .setItems, .emptySet, .addItems:
      try container(opcode)
    case .pop, .popMark, .dup: try shuffle(opcode)
    case .binPut, .longBinPut, .memoize, .binGet, .longBinGet: try remember(opcode)
    case .global, .stackGlobal, .reduce, .newObj, .build, .binPersID: try object(opcode)
    }
  }
}

extension PickleMachine {
  /// The lowest height that may be popped: values below the last mark are out of reach.
  private var floor: Int { marks.last ?? 0 }

  mutating func pop() throws(SmithError) -> PickleValue {
    guard stack.count > floor, let value = stack.popLast() else {
      throw SmithError(.malformed, "the pickle takes a value where there is none")
    }
    return value
  }

  /// The values above the last mark, which goes with them.
  mutating func popToMark() throws(SmithError) -> [PickleValue] {
    guard let mark = marks.popLast() else {
      throw SmithError(.malformed, "the pickle closes a list that was not opened")
    }
    let values = Array(stack[mark...])
    stack.removeLast(stack.count - mark)
    return values
  }

  mutating func push(_ value: PickleValue) throws(SmithError) {
    try charge(MemoryLayout<PickleValue>.stride)
    stack.append(value)
  }

  mutating func push(_ node: PickleNode) throws(SmithError) {
    let values = node.items.count + node.pairs.count
    try charge(MemoryLayout<PickleNode>.stride + values * MemoryLayout<PickleValue>.stride)
    pickle.nodes.append(node)
    try push(.node(pickle.nodes.count - 1))
  }

  /// The node on top of the stack, which stays there.
  func top() throws(SmithError) -> Int {
    guard stack.count > floor, case .node(let index)? = stack.last else {
      throw SmithError(.malformed, "the pickle changes what cannot be changed")
    }
    return index
  }

  /// Takes `bytes` from what the values may use; `.limit` when that is used up. Nothing is given back: it bounds work as well.
  mutating func charge(_ bytes: Int) throws(SmithError) {
    memoryLeft -= bytes
    guard memoryLeft >= 0 else {
      throw SmithError(.limit, "a pickle of too many values")
    }
  }
}
