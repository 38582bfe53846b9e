import SmithBytes

/// `TrackableObjectGraph`: which Python object each tensor of an object-based checkpoint belonged to (formats §2.6). The value of
/// the string tensor `_CHECKPOINTABLE_OBJECT_GRAPH`.
///
/// Objects are shared and cycles are legal. Nothing here follows a child: the checkpoint key of a variable already is its path,
/// so a graph costs what its bytes cost, whatever its edges say.
struct ObjectGraph: Sendable {
  static let key = "_CHECKPOINTABLE_OBJECT_GRAPH"

  /// A variable: `SerializedTensor` of one node.
  struct Attribute: Sendable {
    /// `VARIABLE_VALUE`, or what else an object stores of itself.
    var name = ""
    /// The variable's own name, `enc/kernel`; empty where it has none.
    var fullName = ""
    /// The key in the bundle.
    var key = ""
  }

  /// An optimizer's value for another variable.
  struct Slot: Sendable {
    var original = 0
    var variable = 0
  }

  struct Node: Sendable {
    var children: [Int] = []
    var attributes: [Attribute] = []
    var slots: [Slot] = []
  }

  private(set) var nodes: [Node] = []
  private var edges = 0

  /// `.malformed` for what is no such message and for node numbers outside the graph, `.limit` beyond 10^6 nodes or 10^7 edges.
  init(_ message: ProtobufReader) throws(SmithError) {
    var message = message
    while let field = try message.next() {
      guard field.number == 1 else { continue }
      guard nodes.count < BundleLimits.entries else {
        throw SmithError(
          .limit, "more than \(BundleLimits.entries) objects", at: Place(offset: field.position))
      }
      nodes.append(try node(try field.message()))
    }
    guard !nodes.isEmpty else { throw SmithError(.malformed, "an object graph without objects") }
    for (index, node) in nodes.enumerated() {
      for target in node.children + node.slots.flatMap({ [$0.original, $0.variable] })
      where !nodes.indices.contains(target) {
        throw SmithError(
          .malformed, "object \(index) refers to object \(target) of \(nodes.count)")
      }
    }
  }

  /// `1 children`, `2 attributes`, `3 slot_variables`.
  private mutating func node(_ message: ProtobufReader) throws(SmithError) -> Node {
    var message = message
    var node = Node()
    while let field = try message.next() {
      if (1...3).contains(field.number) { edges += 1 }
      guard edges <= BundleLimits.graphEdges else {
        throw SmithError(
          .limit, "more than \(BundleLimits.graphEdges) references between objects",
          at: Place(offset: field.position))
      }
      switch field.number {
      case 1: node.children.append(try Self.numbers(try field.message(), of: [1])[0])
      case 2: node.attributes.append(try Attribute(try field.message()))
      case 3:
        let numbers = try Self.numbers(try field.message(), of: [1, 3])
        node.slots.append(Slot(original: numbers[0], variable: numbers[1]))
      default: continue
      }
    }
    return node
  }

  /// The integer fields of those numbers, 0 where one is left out.
  private static func numbers(
    _ message: ProtobufReader, of fields: [Int]
  ) throws(SmithError) -> [Int] {
    var message = message
    var values = fields.map { _ in 0 }
    while let field = try message.next() {
      guard let index = fields.firstIndex(of: field.number) else { continue }
      values[index] = Int(try field.int32())
    }
    return values
  }
}

extension ObjectGraph.Attribute {
  /// `1 name`, `2 full_name`, `3 checkpoint_key`.
  fileprivate init(_ message: ProtobufReader) throws(SmithError) {
    var message = message
    while let field = try message.next() {
      switch field.number {
      case 1: name = try Self.text(field)
      case 2: fullName = try Self.text(field)
      case 3: key = try Self.text(field)
      default: continue
      }
    }
  }

  private static func text(_ field: ProtobufField) throws(SmithError) -> String {
    var bytes = try field.bytes()
    guard bytes.remaining <= BundleLimits.nameBytes else {
      throw SmithError(
        .limit, "a name of \(bytes.remaining) bytes", at: Place(offset: field.position))
    }
    return try bytes.utf8(bytes.remaining)
  }
}
