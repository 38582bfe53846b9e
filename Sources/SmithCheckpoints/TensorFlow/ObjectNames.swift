import SmithBytes

/// The names under which the tensors of an object-based checkpoint are listed.
///
/// A tensor has several possible names, best first: the variable's own (`enc/kernel`), its object path with the escapes undone
/// (`model/a/b.c`), the path as stored (`model/a.Sb..c`), the whole key. It is listed under the first that no other tensor of
/// the checkpoint could have too. Keys are unique, so no two tensors ever meet in one name.
///
/// An optimizer slot is listed under the name of the variable it belongs to and what the key says of the slot:
/// `enc/kernel/.OPTIMIZER_SLOT/optimizer/m`.
struct ObjectNames: Sendable {
  private static let valueSuffix = "/.ATTRIBUTES/VARIABLE_VALUE"
  private static let slotMark = "/.OPTIMIZER_SLOT/"

  /// Bundle key → name.
  private(set) var names: [String: String] = [:]
  /// How many tensors are listed under the variable's own name.
  private(set) var ownNames = 0
  /// The names of optimizer slots, of an optimizer's other variables, and of counters, sorted.
  private(set) var trainingState: [String] = []
  private(set) var slots = 0

  /// `keys` are all keys of the bundle.
  init(_ graph: ObjectGraph, keys: [String]) {
    let attributes = Self.attributes(graph, among: Set(keys))
    let slotOriginals = Self.slotOriginals(graph)
    let candidates = keys.map {
      Self.candidates($0, fullName: slotOriginals[$0] == nil ? attributes[$0] ?? "" : "")
    }
    var uses: [String: Int] = [:]
    for list in candidates { for name in Set(list) { uses[name, default: 0] += 1 } }
    for (key, list) in zip(keys, candidates) {
      names[key] = list.first { uses[$0] == 1 } ?? key
      if names[key] == attributes[key], slotOriginals[key] == nil { ownNames += 1 }
    }
    nameSlots(slotOriginals, taken: uses)
    let state = Self.optimizerVariables(graph) + ["save_counter" + Self.valueSuffix]
    slots = slotOriginals.keys.count { names[$0] != nil }
    trainingState = Set(state + slotOriginals.keys).compactMap { names[$0] }.sorted()
  }

  /// What to tell a user.
  var notes: [String] {
    let others = names.count - slots - ownNames - (names[ObjectGraph.key] == nil ? 0 : 1)
    let paths = others > 0 ? ", \(others) under object paths" : ""
    let text = "object graph: \(ownNames) tensors under their variables' own names\(paths)"
    guard !trainingState.isEmpty else { return [text] }
    let rest = trainingState.filter { !$0.contains(Self.slotMark) }.prefix(8)
    let list = (slots > 0 ? ["\(slots) optimizer slots (…\(Self.slotMark)…)"] : []) + rest
    return [text, "training state, no parameters: \(list.joined(separator: ", "))"]
  }

  /// Key → full name, empty where two objects give one key different names.
  private static func attributes(_ graph: ObjectGraph, among keys: Set<String>) -> [String: String]
  {
    var names: [String: String] = [:]
    for attribute in graph.nodes.flatMap(\.attributes) where keys.contains(attribute.key) {
      if let other = names[attribute.key], other != attribute.fullName {
        names[attribute.key] = ""
      } else {
        names[attribute.key] = attribute.fullName
      }
    }
    return names
  }

  /// Key of a slot → key of the variable that it belongs to.
  private static func slotOriginals(_ graph: ObjectGraph) -> [String: String] {
    var originals: [String: String] = [:]
    for slot in graph.nodes.flatMap(\.slots) {
      guard let variable = graph.nodes[slot.variable].value,
        let original = graph.nodes[slot.original].value
      else { continue }
      originals[variable] = original
    }
    return originals
  }

  /// Step, learning rate and their like: variables that an object with slots holds itself.
  private static func optimizerVariables(_ graph: ObjectGraph) -> [String] {
    graph.nodes.filter { !$0.slots.isEmpty }.flatMap(\.children)
      .compactMap { graph.nodes[$0].value }
  }

  private static func candidates(_ key: String, fullName: String) -> [String] {
    var names: [String] = []
    if !isGeneric(fullName) { names.append(fullName) }
    if key.hasSuffix(valueSuffix) {
      let path = String(key.dropLast(valueSuffix.count))
      if !path.contains(slotMark) { names.append(unescaped(path)) }
      names.append(path)
    }
    return names + [key]
  }

  /// Empty, or what TensorFlow calls a variable that nobody named: `Variable`, `Variable_3`.
  private static func isGeneric(_ name: String) -> Bool {
    guard name.hasPrefix("Variable") else { return name.isEmpty }
    let rest = name.dropFirst("Variable".count)
    return rest.isEmpty || (rest.first == "_" && rest.dropFirst().allSatisfy { $0.isNumber })
  }

  /// A path part has its `.` doubled, and `/` written as `.S`.
  static func unescaped(_ path: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(path.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "."), let next = rest.first else {
        bytes.append(byte)
        continue
      }
      if next == UInt8(ascii: "S") { bytes.append(UInt8(ascii: "/")) } else { bytes.append(byte) }
      if next == UInt8(ascii: "S") || next == byte { rest.removeFirst() }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func nameSlots(_ originals: [String: String], taken: [String: Int]) {
    var wanted: [String: String] = [:]
    for (key, original) in originals {
      guard names[key] != nil, let base = names[original], key.hasSuffix(Self.valueSuffix),
        let tail = key.ranges(of: Self.slotMark).last
      else { continue }
      wanted[key] = base + key[tail.lowerBound...].dropLast(Self.valueSuffix.count)
    }
    var uses = taken
    for name in wanted.values { uses[name, default: 0] += 1 }
    // Its own path may be what is wanted.
    for (key, name) in wanted where uses[name] == 1 || name == names[key] { names[key] = name }
  }
}

extension ObjectGraph.Node {
  /// The key of a variable's value; nil for other objects.
  fileprivate var value: String? { attributes.first { $0.name == "VARIABLE_VALUE" }?.key }
}
