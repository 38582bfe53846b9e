import SmithBytes
import Testing

@testable import SmithCheckpoints

@Suite struct PickleMachineTests {
  private func run(_ bytes: [UInt8]) throws(SmithError) -> Pickle {
    var input = PickleInput(bytes)
    return try PickleMachine.run(&input)
  }

  @Test(
    arguments: [
      ([0x4B, 200], 200), ([0x4D, 1, 2], 513), ([0x4A, 0xFE, 0xFF, 0xFF, 0xFF], -2),
      ([0x8A, 0], 0), ([0x8A, 1, 0x80], -128), ([0x8A, 2, 0xFF, 0], 255),
      ([0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x80], Int.min),
    ] as [([UInt8], Int)])
  func `integers`(_ bytes: [UInt8], _ value: Int) throws {
    #expect(try run(bytes + Assembly.stop).root.integer == value)
  }

  @Test func `integers beyond 64 bits are kept as they are`() throws {
    let digits = [UInt8](repeating: 7, count: 255)
    guard case .long(let kept) = try run([0x8A, 255] + digits + Assembly.stop).root else {
      Issue.record("no long integer")
      return
    }
    #expect(kept == digits)
  }

  @Test func `numbers of eight bytes are big endian`() throws {
    let bytes: [UInt8] = [0x47, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0]
    guard case .real(let value) = try run(bytes + Assembly.stop).root else {
      Issue.record("no number")
      return
    }
    #expect(value == 1.5)
  }

  @Test(
    arguments: [
      [0x58, 2, 0, 0, 0, 0xC3, 0xA9], [0x8C, 2, 0xC3, 0xA9],
      [0x8D, 2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0xA9], [0x55, 2, 0xC3, 0xA9],
      [0x54, 2, 0, 0, 0, 0xC3, 0xA9],
    ] as [[UInt8]])
  func `texts`(_ bytes: [UInt8]) throws {
    #expect(try run(bytes + Assembly.stop).root.text == "é")
  }

  @Test func `a call is kept, not made`() throws {
    let pickle = try run(
      Assembly.proto + Assembly.global("posix", "system")
        + Assembly.tuple([Assembly.text("touch /tmp/x")]) + Assembly.reduce + Assembly.stop)
    let node = try #require(pickle.node(pickle.root))
    #expect(node.kind == .call)
    #expect(pickle.symbol(node.callee) == PickleSymbol(module: "posix", name: "system"))
    #expect(pickle.tuple(node.arguments)?.first?.text == "touch /tmp/x")
    #expect(pickle.meanings == [nil])
  }

  @Test func `a global of a name from the stack is the same symbol`() throws {
    let pickle = try run(
      Assembly.text("os") + Assembly.text("system") + [0x93]
        + Assembly.global("os", "system") + [0x86] + Assembly.stop)
    #expect(pickle.symbols == [PickleSymbol(module: "os", name: "system")])
  }

  @Test func `the memo takes any index and gives it back`() throws {
    let bytes =
      Assembly.text("a") + Assembly.put(0xFFFF_FFFF) + [0x30] + Assembly.text("b") + [0x94, 0x30]
      + Assembly.get(0xFFFF_FFFF) + Assembly.get(1) + [0x86] + Assembly.stop
    let pickle = try run(bytes)
    #expect(pickle.tuple(pickle.root)?.map(\.text) == ["a", "b"])
  }

  @Test func `a pickle ends at its STOP`() throws {
    var input = PickleInput([0x4B, 1, 0x2E, 0x4B, 2, 0x2E, 9, 9], base: 100)
    #expect(try PickleMachine.run(&input).root.integer == 1)
    #expect(input.position == 103)
    #expect(try PickleMachine.run(&input).root.integer == 2)
    #expect(input.remaining == 2)
  }

  struct Fault: Sendable {
    var name: String
    var bytes: [UInt8]
    var kind: SmithError.Kind
    var offset: Int
  }

  static let faults: [Fault] =
    PickleOpcode.refused.keys.sorted().map {
      Fault(
        name: "refused opcode \($0)", bytes: [0x80, 2, $0, 0x2E], kind: .unsupported, offset: 2)
    } + [
      Fault(name: "no opcode", bytes: [0x80, 2, 0xFF], kind: .malformed, offset: 2),
      Fault(name: "nothing", bytes: [], kind: .truncated, offset: 0),
      Fault(name: "no STOP", bytes: [0x80, 2, 0x4E], kind: .truncated, offset: 3),
      Fault(name: "STOP of nothing", bytes: [0x80, 2, 0x2E], kind: .malformed, offset: 2),
      Fault(name: "protocol 0", bytes: [0x80, 0, 0x4E, 0x2E], kind: .unsupported, offset: 0),
      Fault(name: "protocol 6", bytes: [0x80, 6, 0x4E, 0x2E], kind: .unsupported, offset: 0),
      Fault(name: "POP of nothing", bytes: [0x30], kind: .malformed, offset: 0),
      Fault(name: "POP_MARK without MARK", bytes: [0x4E, 0x31], kind: .malformed, offset: 1),
      Fault(name: "TUPLE without MARK", bytes: [0x4E, 0x74], kind: .malformed, offset: 1),
      Fault(name: "TUPLE2 of one", bytes: [0x4E, 0x86], kind: .malformed, offset: 1),
      Fault(name: "below a MARK", bytes: [0x5D, 0x4E, 0x28, 0x61], kind: .malformed, offset: 3),
      Fault(name: "APPEND to a number", bytes: [0x4B, 1, 0x4E, 0x61], kind: .malformed, offset: 3),
      Fault(name: "APPEND to a tuple", bytes: [0x29, 0x4E, 0x61], kind: .malformed, offset: 2),
      Fault(
        name: "SETITEMS of a key alone", bytes: [0x7D, 0x28, 0x4E, 0x75], kind: .malformed,
        offset: 3),
      Fault(name: "ADDITEMS to a list", bytes: [0x5D, 0x28, 0x90], kind: .malformed, offset: 2),
      Fault(name: "BINGET of nothing", bytes: [0x68, 9], kind: .malformed, offset: 0),
      Fault(name: "BUILD of a list", bytes: [0x5D, 0x7D, 0x62], kind: .malformed, offset: 2),
      Fault(
        name: "REDUCE without a tuple", bytes: [0x4E, 0x5D, 0x52], kind: .malformed, offset: 2),
      Fault(
        name: "STACK_GLOBAL of numbers", bytes: [0x4B, 1, 0x4B, 2, 0x93], kind: .malformed,
        offset: 4),
      Fault(
        name: "a text of 4 GiB", bytes: [0x58, 0xFF, 0xFF, 0xFF, 0xFF, 0x61], kind: .truncated,
        offset: 0),
      Fault(
        name: "a text of 2^63", bytes: [0x8D, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x61], kind: .limit,
        offset: 0),
      Fault(
        name: "bytes of 2^62", bytes: [0x8E, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x61], kind: .truncated,
        offset: 0),
      Fault(
        name: "a frame of 2^62", bytes: [0x95, 0, 0, 0, 0, 0, 0, 0, 0x40], kind: .truncated,
        offset: 0),
      Fault(name: "text that is not UTF-8", bytes: [0x8C, 1, 0xFF], kind: .malformed, offset: 0),
      Fault(
        name: "a global that is not UTF-8", bytes: [0x63, 0xFF, 10, 0x61, 10], kind: .malformed,
        offset: 0),
      Fault(name: "a global without an end", bytes: [0x63, 0x61], kind: .truncated, offset: 0),
      Fault(
        name: "a global of 2000 letters", bytes: [0x63] + [UInt8](repeating: 0x61, count: 2000),
        kind: .limit, offset: 0),
      Fault(
        name: "two states",
        bytes: Assembly.global("a", "b") + [0x29, 0x52, 0x4E, 0x62, 0x4E, 0x62],
        kind: .malformed, offset: 10),
    ]

  @Test(arguments: faults) func `a fault is named at its opcode`(_ fault: Fault) {
    let error = failure { () throws(SmithError) in try run(fault.bytes) }
    #expect(error?.kind == fault.kind, "\(fault.name)")
    #expect(error?.place.offset == fault.offset, "\(fault.name)")
  }
}
