import SmithBytes

/// What a `checkpoint` file holds: arrays and text inside, and where the other arrays are.
struct T5XTree {
  private(set) var leaves: [FlaxLeaf] = []
  private(set) var references: [T5XReference] = []
  /// Of the layout; 3 in all that T5X writes since 2021.
  private(set) var version: String?

  private static let optimizer = "optimizer/"
  /// The marker of the first Orbax: a folder's name follows.
  private static let placeholder = "PLACEHOLDER://"
  /// A spec is no deeper: `transform/input_exclusive_max/0/0`.
  private static let specDepth = 5

  init(_ file: InputFile) throws(SmithError) {
    let tree = try FlaxTree(file)
    let reader = MessagePackReader(FileCursor(file))
    let isT5X = tree.leaves.allSatisfy {
      $0.name == "version" || $0.name.hasPrefix(Self.optimizer)
    }
    let specs = Self.specs(tree.leaves)
    var positions: [Substring: Int] = [:]
    for leaf in tree.leaves {
      do throws(SmithError) {
        if isT5X, leaf.name == "version", case .number(_, let bytes) = leaf.value {
          version = String(T5XReference.number(bytes))
          continue
        }
        let known = isT5X && leaf.name.hasPrefix(Self.optimizer) ? Self.optimizer.count : 0
        if let spec = Self.outermost(specs, leaf.name) {
          let position = positions[spec, default: references.count]
          if position == references.count {
            positions[spec] = position
            references.append(
              T5XReference(name: String(spec.dropFirst(known)), offset: leaf.offset))
          }
          let key = String(leaf.name.dropFirst(spec.count + 1))
          try references[position].add(leaf.value, key, reader)
          continue
        }
        var own = leaf
        own.rename(String(leaf.name.dropFirst(known)))
        if let path = try Self.placeholder(leaf.value, reader) {
          references.append(T5XReference(name: own.name, offset: leaf.offset, placeholder: path))
        } else {
          leaves.append(own)
        }
      } catch { throw error.at(file: file.path, offset: leaf.offset, item: leaf.name) }
    }
  }

  /// The paths of all maps with a text called `driver`, the part `kvstore` of a spec among them.
  private static func specs(_ leaves: [FlaxLeaf]) -> Set<Substring> {
    var specs = Set<Substring>()
    for leaf in leaves where leaf.name.hasSuffix("/driver") {
      if case .text = leaf.value { specs.insert(leaf.name.dropLast("/driver".count)) }
    }
    return specs
  }

  private static func outermost(_ specs: Set<Substring>, _ name: String) -> Substring? {
    if specs.isEmpty { return nil }
    var found: Substring?
    var rest = name[...]
    for _ in 0..<specDepth {
      guard let slash = rest.utf8.lastIndex(of: UInt8(ascii: "/")) else { break }
      rest = rest[..<slash]
      if specs.contains(rest) { found = rest }
    }
    return found
  }

  private static func placeholder(
    _ value: FlaxLeaf.Value, _ reader: MessagePackReader
  ) throws(SmithError) -> String? {
    guard case .text(let range) = value, range.count >= placeholder.utf8.count,
      range.count <= FlaxTree.maxNameBytes
    else { return nil }
    let text = String(decoding: try reader.bytes(range), as: UTF8.self)
    return text.hasPrefix(placeholder) ? String(text.dropFirst(placeholder.count)) : nil
  }
}
