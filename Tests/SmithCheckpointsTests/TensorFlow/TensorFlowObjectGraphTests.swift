import SmithBytes
import SmithTensors
import TestSupport
import Testing

@testable import SmithCheckpoints

/// A graph that a test writes object by object, and a bundle around it.
struct ObjectGraphFile {
  var nodes: [[UInt8]] = []

  mutating func add(
    children: [Int] = [], variables: [(key: String, fullName: String)] = [],
    slots: [(original: Int, variable: Int)] = []
  ) {
    var node = ProtobufWriter()
    for child in children { node.message(1) { $0.varint(1, child) } }
    for variable in variables {
      node.message(2) {
        $0.bytes(1, Array("VARIABLE_VALUE".utf8))
        $0.bytes(2, Array(variable.fullName.utf8))
        $0.bytes(3, Array(variable.key.utf8))
      }
    }
    for slot in slots {
      node.message(3) {
        $0.varint(1, slot.original)
        $0.bytes(2, Array("m".utf8))
        $0.varint(3, slot.variable)
      }
    }
    nodes.append(node.bytes)
  }

  var bytes: [UInt8] {
    var graph = ProtobufWriter()
    for node in nodes { graph.bytes(1, node) }
    return graph.bytes
  }

  /// A bundle of f32 scalars under `keys`, and a graph as its string scalar.
  static func bundle(_ graph: [UInt8], keys: [String], shape: [Int] = []) -> BundleFile {
    var length: [UInt8] = []
    length.append(littleEndian: UInt32(graph.count))
    var sum: [UInt8] = []
    sum.append(littleEndian: CRC32C.mask(CRC32C.of(length)))
    var text: [UInt8] = []
    text.append(varint: UInt64(graph.count))
    text += sum + graph
    var file = BundleFile()
    file.data[BundleFile.onlyShard] = text + [UInt8](repeating: 0, count: 4 * keys.count)
    var entry = file.entry(7, shape: shape, bytes: 0..<text.count)
    entry.maskedCRC = CRC32C.mask(CRC32C.of(length + sum + graph))
    file.add(ObjectGraph.key, entry)
    for (index, key) in keys.enumerated() {
      let start = text.count + 4 * index
      file.add(key, file.entry(shape: [], bytes: start..<(start + 4)))
    }
    return file
  }
}

@Suite struct TensorFlowObjectGraphTests {
  static let value = "/.ATTRIBUTES/VARIABLE_VALUE"

  /// Paths and full names, and the names under which the variables are listed.
  @Test(
    arguments: [
      ("own names", [("a/k", "enc/kernel"), ("b/k", "dec/kernel")], ["enc/kernel", "dec/kernel"]),
      ("no name", [("a/k", "")], ["a/k"]),
      ("one name for two", [("a/k", "kernel"), ("b/k", "kernel")], ["a/k", "b/k"]),
      (
        "nobody named them", [("a", "Variable"), ("b", "Variable_12"), ("c", "Variables")],
        ["a", "b", "Variables"]
      ),
      ("escapes", [("x/a.Sb..c", ""), ("d.e", "")], ["x/a/b.c", "d.e"]),
      ("escapes that meet", [("a.Sb", ""), ("a/b", "")], ["a.Sb", "a/b" + value]),
      ("a name that is another's path", [("a", "b"), ("b", "")], ["a", "b" + value]),
      ("a name that is another's key", [("a", "b" + value), ("b", "c")], ["a", "c"]),
      ("its own path", [("kernel", "kernel")], ["kernel"]),
      (
        "two spellings of one letter", [("a", "\u{E9}"), ("b", "e\u{301}")], ["a", "b"]
      ),
      ("swapped", [("a", "b"), ("b", "a")], ["a" + value, "b" + value]),
    ] as [(String, [(String, String)], [String])])
  func `names`(what: String, variables: [(String, String)], expected: [String]) throws {
    var graph = ObjectGraphFile()
    graph.add(children: variables.indices.map { $0 + 1 })
    for (path, name) in variables { graph.add(variables: [(path + Self.value, name)]) }
    let keys = variables.map { $0.0 + Self.value }
    let scratch = try Scratch()
    let file = ObjectGraphFile.bundle(graph.bytes, keys: keys)
    let source = try Formats.open(try file.write(to: scratch))
    #expect(source.tensors.map(\.name) == [ObjectGraph.key] + expected, "\(what)")
    // Each name leads to its own bytes.
    for tensor in source.tensors.dropFirst() { #expect(try source.bytes(tensor).count == 4) }
  }

  @Test func `slots are named after their variable, their optimizer and themselves`() throws {
    let keys = [
      "m/k\(Self.value)", "m/k/.OPTIMIZER_SLOT/opt/m\(Self.value)", "opt/lr\(Self.value)",
      "m/k/.OPTIMIZER_SLOT/other/m\(Self.value)", "save_counter\(Self.value)",
    ]
    var graph = ObjectGraphFile()
    graph.add(children: [1, 2, 5])
    graph.add(variables: [(keys[0], "enc/kernel")])
    graph.add(children: [4], slots: [(1, 3)])
    graph.add(variables: [(keys[1], "Adam/enc/kernel/m")])
    graph.add(variables: [(keys[2], "lr")])
    graph.add(slots: [(1, 6)])
    graph.add(variables: [(keys[3], "Adam/enc/kernel/m")])
    graph.add(variables: [(keys[4], "save_counter")])
    let scratch = try Scratch()
    let file = ObjectGraphFile.bundle(graph.bytes, keys: keys)
    let source = try Formats.open(try file.write(to: scratch))
    #expect(
      source.tensors.dropFirst().map(\.name) == [
        "enc/kernel", "enc/kernel/.OPTIMIZER_SLOT/opt/m", "lr",
        "enc/kernel/.OPTIMIZER_SLOT/other/m", "save_counter",
      ])
    #expect(source.notes.last?.contains("2 optimizer slots") == true)
    #expect(source.notes.last?.hasSuffix("lr, save_counter") == true)
  }

  @Test func `objects that hold each other and themselves`() throws {
    var graph = ObjectGraphFile()
    let key = "a" + Self.value
    graph.add(children: [0, 1, 1], slots: [(0, 0), (1, 1)])
    graph.add(children: [0, 1], variables: [(key, "own")])
    let scratch = try Scratch()
    let source = try Formats.open(
      try ObjectGraphFile.bundle(graph.bytes, keys: [key]).write(to: scratch))
    #expect(source.tensors.count == 2)
  }

  @Test(
    arguments: [
      ("100000", ""), ("a..b", "a.b"), ("a.S", "a/"), (".", "."), ("..S", ".S"), ("...S", "./"),
      ("a.x", "a.x"), ("", ""),
    ])
  func `escapes`(path: String, plain: String) {
    #expect(ObjectNames.unescaped(path) == (plain.isEmpty ? path : plain))
  }

  @Test(
    arguments: [
      ("a child outside", .malformed, [[0x0A, 2, 8, 5]]),
      ("a child of -1", .malformed, [[0x0A, 11, 8] + V1File.varints([.max])]),
      ("a child beyond 32 bits", .malformed, [[0x0A, 7, 8] + V1File.varints([1 << 40])]),
      ("a slot's variable outside", .malformed, [[0x1A, 2, 0x18, 1]]),
      ("a slot's original outside", .malformed, [[0x1A, 2, 0x08, 1]]),
      ("a name that is not UTF-8", .malformed, [[0x12, 4, 0x12, 2, 0xC3, 0x28]]),
      (
        "a name of 5000 bytes", .limit,
        [
          [0x12] + V1File.varints([5003]) + [0x1A] + V1File.varints([5000])
            + [UInt8](repeating: 65, count: 5000)
        ]
      ),
      ("a name cut short", .truncated, [[0x12, 2, 0x12, 9]]),
      ("a group", .malformed, [[0x0B]]),
      ("no objects", .malformed, []),
    ] as [(String, SmithError.Kind, [[UInt8]])])
  func `hostile graphs`(what: String, kind: SmithError.Kind, nodes: [[UInt8]]) throws {
    let scratch = try Scratch()
    let file = ObjectGraphFile.bundle(ObjectGraphFile(nodes: nodes).bytes, keys: ["a" + Self.value])
    let prefix = try file.write(to: scratch)
    let error = try #require(throws: SmithError.self) { try Formats.open(prefix) }
    #expect(error.kind == kind, "\(what): \(error)")
    #expect(error.place.item == ObjectGraph.key)
    #expect(error.place.file?.hasSuffix(BundleFile.onlyShard) == true)
  }

  @Test func `every changed byte of the graph is found on opening`() throws {
    let scratch = try Scratch()
    var graph = ObjectGraphFile()
    graph.add(variables: [("a" + Self.value, "own")])
    var file = ObjectGraphFile.bundle(graph.bytes, keys: ["a" + Self.value])
    let count = 5 + graph.bytes.count
    for index in 0..<count {
      file.data[BundleFile.onlyShard]?[index] ^= 0x21
      let prefix = try file.write(to: scratch)
      #expect(throws: SmithError.self, "byte \(index)") { try Formats.open(prefix) }
      file.data[BundleFile.onlyShard]?[index] ^= 0x21
    }
  }

  @Test func `a graph that is no scalar`() throws {
    let scratch = try Scratch()
    var graph = ObjectGraphFile()
    graph.add()
    let file = ObjectGraphFile.bundle(graph.bytes, keys: [], shape: [1])
    let prefix = try file.write(to: scratch)
    let error = #expect(throws: SmithError.self) { try Formats.open(prefix) }
    #expect(error?.kind == .mismatch)
  }
}
