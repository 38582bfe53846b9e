import SmithBytes

/// Numbers, text and the opcodes that only arrange.
extension PickleMachine {
  mutating func structure(_ opcode: PickleOpcode) throws(SmithError) {
    switch opcode {
    case .proto:
      let version = try input.byte()
      guard version >= 2, version <= 5 else {
        throw SmithError(.unsupported, "pickle protocol \(version)")
      }
    case .frame:
      let count = try input.length(UInt64.self)
      guard count <= input.remaining else {
        throw SmithError(.truncated, "a frame of \(count) bytes, \(input.remaining) left")
      }
    case .mark:
      try charge(MemoryLayout<Int>.stride)
      marks.append(stack.count)
    default: break
    }
  }

  mutating func number(_ opcode: PickleOpcode) throws(SmithError) -> PickleValue {
    switch opcode {
    case .newTrue: return .bool(true)
    case .newFalse: return .bool(false)
    case .binInt1: return .integer(Int(try input.byte()))
    case .binInt2: return .integer(Int(try input.littleEndian(UInt16.self)))
    case .binInt: return .integer(Int(try input.littleEndian(Int32.self)))
    case .binFloat:
      return .real(Double(bitPattern: try input.littleEndian(UInt64.self).byteSwapped))
    case .long1: return Self.long(try input.array(Int(try input.byte())))
    default: return .none
    }
  }

  /// Little endian, two's complement; no bytes are 0.
  private static func long(_ bytes: [UInt8]) -> PickleValue {
    guard bytes.count <= 8 else { return .long(bytes) }
    var value = bytes.last.map { $0 >= 0x80 ? -1 : 0 } ?? 0
    for byte in bytes.reversed() { value = value << 8 | Int(byte) }
    return .integer(value)
  }

  mutating func string(_ opcode: PickleOpcode) throws(SmithError) -> PickleValue {
    let count: Int
    switch opcode {
    case .shortBinUnicode, .shortBinString, .shortBinBytes: count = Int(try input.byte())
    case .binUnicode8, .binBytes8: count = try input.length(UInt64.self)
    default: count = try input.length(UInt32.self)
    }
    guard count <= input.remaining else {
      throw SmithError(.truncated, "\(count) bytes wanted, \(input.remaining) left")
    }
    try charge(count)
    let bytes = try input.array(count)
    switch opcode {
    case .shortBinBytes, .binBytes, .binBytes8: return .bytes(bytes)
    case .shortBinString, .binString:
      // Python 2's text and bytes were one type.
      return String(validating: bytes, as: UTF8.self).map { .text($0) } ?? .bytes(bytes)
    default:
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw SmithError(.malformed, "text that is not UTF-8")
      }
      return .text(text)
    }
  }

  mutating func shuffle(_ opcode: PickleOpcode) throws(SmithError) {
    switch opcode {
    case .popMark: _ = try popToMark()
    case .dup:
      let value = try pop()
      try push(value)
      try push(value)
    default:
      // On a mark, POP takes the mark.
      if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try pop() }
    }
  }

  mutating func remember(_ opcode: PickleOpcode) throws(SmithError) {
    switch opcode {
    case .binGet: try recall(Int(try input.byte()))
    case .longBinGet: try recall(Int(try input.littleEndian(UInt32.self)))
    case .binPut: try store(at: Int(try input.byte()))
    case .longBinPut: try store(at: Int(try input.littleEndian(UInt32.self)))
    default: try store(at: memo.count)
    }
  }

  private mutating func recall(_ index: Int) throws(SmithError) {
    guard let value = memo[index] else {
      throw SmithError(.malformed, "the pickle's memo has no entry \(index)")
    }
    try push(value)
  }

  private mutating func store(at index: Int) throws(SmithError) {
    let value = try pop()
    // The dictionary has the index too, and places to spare.
    try charge(3 * MemoryLayout<PickleValue>.stride)
    memo[index] = value
    try push(value)
  }
}
